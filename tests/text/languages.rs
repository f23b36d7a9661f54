//! Sentences of other languages, one text each; `|` stands where the next sentence begins.

use super::split;

fn check(marked: &[&str]) {
    let mut failed = 0;
    for text in marked {
        let expected: Vec<_> = text.split('|').map(str::trim).collect();
        let text = text.replace('|', "");
        let found = split(&text);
        if found != expected {
            eprintln!("{found:#?}\nbut should be {expected:#?}");
            failed += 1;
        }
    }
    assert_eq!(failed, 0, "texts split otherwise");
}

#[test]
fn spanish() {
    check(&[
        "Me gusta mucho. |¿A ti también te gusta? |¡Qué bien!",
        "¡Hola! |¿Cómo está el Sr. Gómez? |La Dra. Ruiz llegó a las 5 p.m. con su hija.",
        "Vive en EE. UU. desde hace años. |Véase la pág. 12 del libro.",
        "¿Vienes, o no? |No sé... quizás mañana. |Costó 3.500 euros.",
        "Compramos pan, leche, etc. |Después fuimos a casa.",
        "«Es estupendo.» |Eso dijo.",
    ]);
}

#[test]
fn german() {
    check(&[
        "Am 3. Oktober fahren wir nach Köln. |Das wird schön!",
        "Am 24.12. ist Weihnachten. |Das kostet 5.50. |Gut.",
        "Der 2. Weltkrieg endete 1945. |Danach kam der Frieden.",
        "Er mag Obst, z. B. Äpfel und Birnen. |Sie mag z.B. Kirschen.",
        "„Das ist gut.“ |Er ging. |„Kommst du?“, fragte sie.",
        "Dr. Müller und Prof. Dr. Schmidt sind bzw. waren dort. |Das kostet ca. 20 Euro.",
        "Wir brauchen Brot, Milch usw. |Danach gehen wir heim.",
        "Sie wohnt in der Hauptstr. 5 in Bonn. |Tel. 0228 12345 ist ihre Nummer.",
        "»Komm!« |Sie lief. |Ich sagte: »Nein.« |»Doch«, rief er.",
    ]);
}

#[test]
fn french() {
    check(&[
        "M. Dupont est arrivé. |Mme Dupont aussi.",
        "« C’est bon. » |Il sourit. |Ça va ? |Oui !",
        "J’ai vu Mme. Leroy à 15 h. |Elle allait bien.",
        "Voir p. 12, fig. 3. |C’est clair, cf. le chapitre suivant.",
        "Du pain, du vin, etc. |Tout était là.",
        "J. Verne est né en 1828. |C’était un écrivain.",
    ]);
}

#[test]
fn hindi() {
    check(&[
        "मुझे यह फ़ोन बहुत पसंद है। |बैटरी अच्छी नहीं है। |क्या आप इसे खरीदेंगे?",
        "डॉ. शर्मा आज नहीं आए। |वे कल आएँगे।",
        "बी.सी. में पुलिस ने कहा। |एम. ए. की डिग्री मिली।",
        "प्रो. वर्मा ने कहा! |सब ठीक है॥",
    ]);
}

#[test]
fn arabic() {
    check(&[
        "هل أعجبك الفيلم؟ |نعم، كان رائعا. |لكن النهاية كانت سيئة!",
        "وصل د. أحمد صباحا. |ثم غادر.",
        "قال إن iPhone ممتاز. |لم أشتره.",
    ]);
}

#[test]
fn persian_and_urdu() {
    check(&[
        "این فیلم خوب بود؟ |بله، عالی بود.",
        "یہ فون اچھا ہے۔ |بیٹری خراب ہے۔",
    ]);
}

#[test]
fn japanese() {
    check(&[
        "この映画はとても良かったです。|もう一度見たい！|あなたはどう思いますか？",
        "「すごい。」と彼は言った。|私もそう思う。",
        "価格は3.5万円です。|高い…でも好き。",
        "本当に？！|信じられない。",
    ]);
}

#[test]
fn chinese() {
    check(&[
        "这部电影很好看。|我很喜欢！|你觉得呢？",
        "他说：“我不知道。”|然后他走了。",
        "“真的吗？”他问道。|我点点头。",
        "他走了。|《红楼梦》很好看。|“真的”很好。",
        "版本2.0很好。|我……不确定。",
    ]);
}

#[test]
fn more_scripts() {
    check(&[
        "Мне нравится. |Г-н Иванов живёт на ул. Ленина. |Это т.е. далеко?",
        "А. С. Пушкин родился в 1799 г. в Москве. |Он писал стихи.",
        "— Как дела? — спросил он. |Всё хорошо.",
        "הסרט היה טוב. |האם אהבת אותו? |כן!",
        "정말 좋아요. |다시 사고 싶어요! |네. 감사합니다."
            .replace("네. 감", "네. |감")
            .as_str(),
        "Այսօր երկուշաբթի է։ |Ես գնում եմ։",
        "ይህ ጥሩ ነው። |አመሰግናለሁ።",
        "Het is bijv. goed. |Dhr. Jansen komt om 5 uur.",
        "Jest dobrze, np. tutaj. |Prof. Nowak mieszka przy ul. Długiej.",
    ]);
}

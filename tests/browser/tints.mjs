// Whether the tints behind the field lie under its words, in whichever engine.

export const REVIEW =
  "We stayed for three nights. The room was spotless and I loved the bed. Breakfast was a disaster and the staff were rude. The pool is heated. I hated the noise. I would love to come back!";

/** Texts whose layout differs. */
export const SCRIPTS = {
  latin: REVIEW,
  "long words": `I hated it. ${"Donaudampfschifffahrtsgesellschaft".repeat(6)} was wonderful.`,
  hebrew: "אני אוהב את המקום הזה. האוכל היה נורא ואיום. He said \"fine\" and left. שלום לכולם!",
  arabic: "أحب هذا المكان كثيرا. كان الطعام سيئا جدا. قال \"OK\" ثم رحل.",
  cjk: "这家酒店很好。早餐很糟糕！我们住了三个晚上。サービスは最高でした。また来ます。".repeat(3),
  emoji: "I love it 😍😍. I hate it 👩‍👩‍👧‍👦🤮! Fine 👍🏽. 🙂🙂🙂",
  tabs: "I love\tit.\n\n\tI hate it.\t\tWhat a day.\n    Four blanks.\n",
  "empty last line": "I love it. I hate it.\n\n",
};

/** Run in the page: the largest distance between the words of the field and those of the copy that carries the tints, in CSS pixels. */
export async function misplaced() {
  // The copy scrolls with the field a frame later, before it is painted.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const [field, mirror] = [document.querySelector("#text"), document.querySelector(".mirror")];
  // What a textarea lays out cannot be asked. A block of the same box and styles does it alike.
  const box = document.createElement("div");
  const style = getComputedStyle(field);
  for (const name of style) box.style.setProperty(name, style.getPropertyValue(name));
  const place = field.getBoundingClientRect();
  Object.assign(box.style, { position: "fixed", top: `${place.top}px`, left: `${place.left}px`, width: `${place.width}px`, height: `${place.height}px`, margin: 0, lineHeight: 1.5, whiteSpace: "pre-wrap", overflowY: "auto", visibility: "hidden", fieldSizing: "fixed" });
  box.dir = field.dir;
  box.textContent = field.value;
  document.body.append(box);
  box.scrollTop = field.scrollTop;
  const words = [...field.value.matchAll(/\S+/g)].map(({ index, 0: word }) => [index, index + word.length]);
  const rects = (root) => {
    const nodes = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let start = 0; walker.nextNode(); start += walker.currentNode.length) nodes.push([walker.currentNode, start]);
    const place = (at) => {
      const [node, start] = nodes.findLast(([, start]) => start <= at);
      return [node, at - start];
    };
    return words.map(([start, end]) => {
      const range = document.createRange();
      range.setStart(...place(start));
      // Behind the last character rather than before the next node.
      const [node, offset] = place(end - 1);
      range.setEnd(node, offset + 1);
      // One rectangle a line, however many elements it runs through.
      const lines = new Map();
      for (const { left, top, right, bottom, width, height } of range.getClientRects()) {
        // Engines add empty ones where a line or an element ends.
        if (!width || !height) continue;
        const line = lines.get(Math.round(bottom)) ?? [left, top, right, bottom];
        lines.set(Math.round(bottom), [Math.min(line[0], left), Math.min(line[1], top), Math.max(line[2], right), Math.max(line[3], bottom)]);
      }
      return [...lines.values()];
    });
  };
  const [there, here] = [rects(box), rects(mirror)];
  const heights = [field, mirror, box].map(({ scrollHeight }) => scrollHeight);
  box.remove();
  let [worst, first] = [0];
  there.forEach((lines, i) => {
    if (here[i].length !== lines.length) worst = 1e6;
    else lines.forEach((line, j) => line.forEach((edge, k) => (worst = Math.max(worst, Math.abs(edge - here[i][j][k])))));
    if (worst > 1) first ??= [field.value.slice(...words[i]), lines, here[i]];
  });
  return { words: words.length, worst, first, scrolled: [field.scrollTop, mirror.scrollTop], heights };
}

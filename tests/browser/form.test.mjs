// <live-sentiment> beside the fields of forms and in them: whatever happens to a field, with or without an event, no text is
// shown or handed in with another one's verdict.

import assert from "node:assert/strict";
import { test } from "node:test";

import { faults, site } from "./site.mjs";
import { LOAD_MS, TEXTS, browser, visit } from "./visit.mjs";

const chromium = browser();

/** A page with `body`, and the element's script. */
async function open(t, body, { script = '<script type="module" src="/live-sentiment.js"></script>', ...options } = {}) {
  const home = await site(t);
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>form</title>${script}<body>${body}`;
  home.fault("/form.html", faults.body(Buffer.from(html), "text/html; charset=utf-8"));
  const page = await visit(t, chromium, home, { path: "form.html", ...options });
  await page.waitForFunction(() => customElements.get("live-sentiment"));
  return page;
}

const FORM = `<form id="f"><textarea id="m" name="message"></textarea>
  <live-sentiment id="ls" for="m" name="reads" loading="eager"></live-sentiment></form>`;

async function reads(page, label, selector = "#ls") {
  const wanted = ([selector, label]) => (document.querySelector(selector).prediction?.label ?? null) === label;
  await page.waitForFunction(wanted, [selector, label], { timeout: LOAD_MS });
}

/** The page with a form whose field reads positive. */
async function positive(t, body = FORM, options) {
  const page = await open(t, body, options);
  await page.fill("#m", TEXTS.positive);
  await reads(page, "positive");
  return page;
}

/** The word that the element shows. */
const word = (page, selector = "#ls") => page.locator(selector).evaluate((element) => element.shadowRoot.querySelector(".word").textContent);

const handed = (page) => page.evaluate(() => Object.fromEntries(new FormData(document.querySelector("form"))));

const CHANGES = {
  "an input event": () => m.dispatchEvent(new InputEvent("input", { bubbles: true })),
  "an input event that does not bubble": () => m.dispatchEvent(new InputEvent("input")),
  "an input event that a listener keeps to itself": () => {
    m.addEventListener("input", (event) => event.stopImmediatePropagation());
    document.body.addEventListener("input", (event) => event.stopImmediatePropagation(), true);
    m.dispatchEvent(new InputEvent("input", { bubbles: true }));
  },
  "a change event": () => m.dispatchEvent(new Event("change", { bubbles: true })),
  "no event": () => {},
};

test("a form never hands in a text with another one's label, however the text was changed", async (t) => {
  const page = await positive(t);
  await page.evaluate(() => f.addEventListener("submit", (event) => event.preventDefault()));
  for (const [how, tell] of Object.entries(CHANGES)) {
    for (const [text, label] of [[TEXTS.negative, "negative"], [TEXTS.positive, "positive"]]) {
      const [data, submitted, prediction] = await page.evaluate(`(() => {
        m.value = ${JSON.stringify(text)};
        (${tell})();
        const submitted = [];
        f.addEventListener("formdata", ({ formData }) => submitted.push(formData.get("reads")), { once: true });
        const data = Object.fromEntries(new FormData(f));
        f.requestSubmit();
        return [data, submitted, ls.prediction];
      })()`);
      assert.deepEqual([data, submitted, prediction], [{ message: text }, [null], null], how);
      await reads(page, label);
      assert.deepEqual(await handed(page), { message: text, reads: label }, how);
    }
  }
});

test("what a script sends is never paired wrongly, and other entries of the name stay", async (t) => {
  const page = await positive(t, FORM.replace("</form>", '<input name="reads" value="positive"></form>'));
  assert.deepEqual(await page.evaluate(() => new FormData(f).getAll("reads")), ["positive", "positive"]);
  const all = () => page.evaluate(() => new FormData(f).getAll("reads"));
  assert.deepEqual(await page.evaluate((text) => ((m.value = text), new FormData(f).getAll("reads")), `${TEXTS.negative} `), ["positive"]);
  await reads(page, "negative");
  assert.deepEqual(await all(), ["negative", "positive"]);
  await page.evaluate(() => ls.setAttribute("disabled", ""));
  assert.deepEqual(await page.evaluate((text) => ((m.value = text), new FormData(f).getAll("reads")), TEXTS.positive), ["positive"]);
});

test("a field that a script clears, as after sending, has no verdict; one that it fills is read", async (t) => {
  const page = await positive(t);
  await page.evaluate(() => {
    window.heard = [];
    ls.addEventListener("sentiment-change", ({ detail }) => heard.push([detail?.label ?? null, m.value]));
    m.value = "";
  });
  assert.deepEqual(await handed(page), { message: "" });
  await page.waitForFunction(() => ls.shadowRoot.querySelector(".word").textContent === "Nothing to read yet", undefined, { timeout: 2000 });
  await page.evaluate((text) => (m.value = text), TEXTS.negative);
  await reads(page, "negative");
  assert.deepEqual(await page.evaluate(() => heard), [[null, ""], ["negative", TEXTS.negative]]);
  for (const clear of [() => f.reset(), () => m.setRangeText("", 0, 1000), () => (m.textContent = "")]) {
    await page.fill("#m", TEXTS.positive);
    await reads(page, "positive");
    await page.evaluate(clear);
    if (await page.evaluate(() => m.value)) continue;
    assert.deepEqual(await handed(page), { message: "" });
    await page.waitForFunction(() => ls.shadowRoot.querySelector(".word").textContent === "Nothing to read yet", undefined, { timeout: 2000 });
  }
});

test("a reset that is prevented changes nothing", async (t) => {
  const page = await positive(t);
  await page.evaluate(() => {
    f.addEventListener("reset", (event) => event.preventDefault());
    f.reset();
  });
  await page.waitForTimeout(400);
  assert.deepEqual(await handed(page), { message: TEXTS.positive, reads: "positive" });
});

test("a script that fills a field to which nobody came loads no model", async (t) => {
  const page = await open(t, FORM.replace(' loading="eager"', ""));
  await page.evaluate((text) => (m.value = text), TEXTS.positive);
  await page.waitForTimeout(800);
  assert.equal(page.workers().length, 0);
  await page.focus("#m");
  await reads(page, "positive");
});

test("an answer that comes late is not told or handed in as that of the text that is there by then", async (t) => {
  const page = await positive(t);
  const pairs = await page.evaluate(async ([good, bad]) => {
    const pairs = [];
    const note = () => pairs.push([m.value, ls.prediction?.label ?? null, new FormData(f).get("reads")]);
    ls.addEventListener("sentiment-change", ({ detail }) => pairs.push([m.value, detail?.label ?? null]));
    for (let i = 0; i < 40; i++) {
      m.value = (i % 2 ? good : bad) + " Really.".repeat(i);
      m.dispatchEvent(new InputEvent("input", { bubbles: true }));
      for (let wait = 0; wait < i % 7; wait++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        note();
      }
    }
    return pairs;
  }, [TEXTS.positive, TEXTS.negative]);
  const wrong = pairs.filter(([text, ...labels]) => labels.includes(text.startsWith(TEXTS.positive) ? "negative" : "positive"));
  assert.deepEqual(wrong, []);
  // Nor does it stand there for long.
  await page.evaluate((text) => (m.value = text), TEXTS.positive);
  await reads(page, "positive");
  assert.equal(await word(page), "Positive");
});

test("a verdict for whose successor one waits leaves after a moment", async (t) => {
  const body = FORM.replace("</form>", "</form><script>window.slow = false; const post = Worker.prototype.postMessage; Worker.prototype.postMessage = function (...args) { return slow ? undefined : post.apply(this, args); };</script>");
  const page = await positive(t, body);
  await page.evaluate(() => (window.slow = true));
  await page.fill("#m", TEXTS.negative);
  await page.waitForTimeout(1500);
  assert.equal(await word(page), "Reading…");
  assert.equal(await page.locator("#ls").evaluate(({ prediction }) => prediction), null);
});

test("a text that cannot be read is said to be, and the next one is read", async (t) => {
  const crash = `<script>
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (...args) {
      if (JSON.stringify(args[0]).includes("CRASH")) setTimeout(() => this.dispatchEvent(new ErrorEvent("error", { message: "crash" })));
      return post.apply(this, args);
    };
  </script>`;
  const page = await positive(t, FORM + crash);
  await page.evaluate(() => {
    window.failed = new Promise((resolve) => ls.addEventListener("model-error", ({ detail }) => resolve(detail.kind), { once: true }));
    m.value = "CRASH";
    m.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
  assert.equal(await page.evaluate(() => failed), "crashed");
  assert.ok(await page.locator("#ls .trouble").isVisible());
  assert.deepEqual(await handed(page), { message: "CRASH" });
  await page.fill("#m", "");
  await page.locator("#ls .trouble").waitFor({ state: "hidden" });
  await page.fill("#m", TEXTS.negative);
  await reads(page, "negative");
});

test("two elements for one field, one of them in another form", async (t) => {
  const page = await positive(t, `${FORM}<form id="g"></form><live-sentiment id="two" for="m" name="also" form="g" loading="eager"></live-sentiment>`);
  await reads(page, "positive", "#two");
  const both = () => page.evaluate(() => [f, g].map((form) => Object.fromEntries(new FormData(form))));
  assert.deepEqual(await both(), [{ message: TEXTS.positive, reads: "positive" }, { also: "positive" }]);
  await page.evaluate(() => (m.value = ""));
  assert.deepEqual(await both(), [{ message: "" }, {}]);
});

test("a field that is replaced, stops being one for text, or is moved, takes its verdict along", async (t) => {
  const page = await positive(t, '<form id="f"><input id="m" name="message"><live-sentiment id="ls" for="m" name="reads" loading="eager"></live-sentiment></form>');
  const gone = async (act) => {
    // At once, too.
    assert.equal(await page.evaluate(`(${act})(), new FormData(f).has("reads")`), false);
    await reads(page, null);
    assert.equal("reads" in (await handed(page)), false);
    assert.equal(await word(page), "Nothing to read yet");
  };
  const back = async (act) => {
    await page.evaluate(act);
    await reads(page, "positive");
    assert.equal((await handed(page)).reads, "positive");
  };
  await gone(() => (m.type = "password"));
  await back(() => (m.type = "text"));
  await gone(() => (m.id = "n"));
  await back(() => (document.querySelector("#n").id = "m"));
  await gone(() => m.replaceWith(Object.assign(document.createElement("input"), { id: "m", name: "message" })));
  await back(() => (m.value = "I love this, it is wonderful!"));
  await gone(() => (window.kept = m).remove());
  await back(() => f.prepend(kept));
  await back(() => {
    m.readOnly = true;
    document.body.append(f);
  });
});

test("an element that is edited: made so later, no more, by a script, with the text of a list's item", async (t) => {
  const page = await open(t, '<form id="f"><ul><li id="m"></li></ul><live-sentiment id="ls" for="m" name="reads" loading="eager"></live-sentiment></form>');
  await page.getByText("There is no text field with the id “m”").waitFor();
  await page.evaluate(() => m.setAttribute("contenteditable", "true"));
  await page.getByText("There is no text field with the id “m”").waitFor({ state: "hidden" });
  await page.focus("#m");
  await page.keyboard.type(TEXTS.positive);
  await reads(page, "positive");
  assert.deepEqual(await handed(page), { reads: "positive" });
  const data = await page.evaluate((text) => ((m.innerHTML = `<b>${text}</b>`), Object.fromEntries(new FormData(f))), TEXTS.negative);
  assert.deepEqual(data, {});
  await reads(page, "negative");
  // A step of a form that is not shown any more says the same.
  await page.evaluate(() => (m.hidden = true));
  assert.deepEqual(await handed(page), { reads: "negative" });
  await page.evaluate(() => (m.textContent = ""));
  await reads(page, null);
  await page.evaluate((text) => (m.textContent = text), TEXTS.positive);
  await reads(page, "positive");
  await page.evaluate(() => m.setAttribute("contenteditable", "false"));
  await reads(page, null);
  assert.deepEqual(await handed(page), {});
});

test("properties reflect attributes, as frameworks want them that assign to what an element has", async (t) => {
  const page = await open(t, '<form id="f1"></form><form id="f2"></form><textarea id="m"></textarea><live-sentiment id="ls"></live-sentiment>');
  const seen = await page.evaluate(() => {
    const given = { form: "f1", type: "sentiment", name: "t", htmlFor: "m", model: "/models/other/", loading: "eager", theme: "dark", placeholder: "Say", disabled: true };
    const element = document.createElement("live-sentiment");
    Object.assign(element, given);
    const attributes = Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value]));
    const read = Object.fromEntries(Object.keys(given).map((name) => [name, element[name]]));
    for (const name in given) element[name] = undefined;
    const left = element.getAttributeNames();
    Object.assign(ls, { form: "f1", name: "t" });
    const owners = [ls.form?.id];
    ls.form = f2;
    owners.push(ls.form?.id);
    ls.form = null;
    owners.push(ls.form?.id ?? null, ls.type, ls.loading);
    return { attributes, read: { ...read, form: null }, left, owners };
  });
  const { htmlFor, ...rest } = { form: "f1", type: "sentiment", name: "t", htmlFor: "m", model: "/models/other/", loading: "eager", theme: "dark", placeholder: "Say", disabled: "" };
  assert.deepEqual(seen, {
    attributes: { ...rest, for: htmlFor },
    read: { ...rest, htmlFor, form: null, disabled: true },
    left: [],
    owners: ["f1", "f2", null, "live-sentiment", "lazy"],
  });
});

test("the text between the tags is the value, whenever it comes, until another is given; a reset gives it back", async (t) => {
  const page = await open(t, '<form id="f"></form>');
  const seen = await page.evaluate(async () => {
    const turn = () => new Promise((resolve) => setTimeout(resolve));
    const element = document.createElement("live-sentiment");
    element.setAttribute("name", "t");
    f.append(element);
    const seen = [element.value];
    element.append("One ");
    seen.push(element.value, new FormData(f).get("t"));
    element.append("two");
    await turn();
    seen.push(element.value);
    element.firstChild.data = "1 ";
    await turn();
    seen.push(element.value);
    const field = element.shadowRoot.querySelector("textarea");
    field.value = "Mine";
    field.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
    element.textContent = "Yours";
    await turn();
    seen.push(element.value, new FormData(f).get("t"));
    f.reset();
    seen.push(element.value, new FormData(f).get("t"));
    element.value = "";
    element.textContent = "Again";
    await turn();
    seen.push(element.value);
    element.remove();
    f.append(element);
    seen.push(element.value);
    element.textContent = "Last";
    f.reset();
    seen.push(element.value);
    element.formStateRestoreCallback("Restored", "restore");
    element.textContent = "Late";
    await turn();
    seen.push(element.value, new FormData(f).get("t"));
    field.value = "By a script";
    seen.push(new FormData(f).get("t"));
    return seen;
  });
  assert.deepEqual(seen, ["", "One", "One", "One two", "1 two", "Mine", "Mine", "Yours", "Yours", "", "", "Last", "Restored", "Restored", "By a script"]);
});

test("the text between the tags is read where the parser brings it after the element", async (t) => {
  const home = await site(t);
  home.fault("/slow.html", async (request, response) => {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
    response.write('<!doctype html><link rel="icon" href="data:,"><script async type="module" src="/live-sentiment.js"></script><p>' + "x".repeat(3000));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    response.write('<live-sentiment id="ls" loading="eager">');
    await new Promise((resolve) => setTimeout(resolve, 300));
    response.end(`${TEXTS.negative}</live-sentiment>`);
    return true;
  });
  const page = await visit(t, chromium, home, { path: "slow.html" });
  await reads(page, "negative");
});

test("a label names the field, whichever way it does and whenever it comes", async (t) => {
  const page = await open(t, '<main><label id="l" for="ls">Your <b>comment</b></label><live-sentiment id="ls" name="t"></live-sentiment></main><p id="p">By its id</p>');
  const named = (name) => page.locator("#ls").getByRole("textbox", { name, exact: true }).waitFor();
  await named("Your comment");
  await page.evaluate(() => (l.firstChild.data = "Our "));
  await named("Our comment");
  await page.click("#l");
  assert.ok(await page.evaluate(() => ls.matches(":focus-within") && ls.shadowRoot.activeElement.localName === "textarea"));
  await page.evaluate(() => l.remove());
  await named("Your text");
  await page.evaluate(() => {
    const label = document.createElement("label");
    label.append("Around it ", ls);
    document.querySelector("main").append(label);
  });
  await named("Around it");
  await page.evaluate(() => ls.setAttribute("aria-label", "Said"));
  await named("Said");
  await page.evaluate(() => ls.setAttribute("aria-labelledby", "nobody p"));
  await named("By its id");
  await page.evaluate(() => (p.textContent = "By another"));
  await named("By another");
});

test("a fieldset that is disabled, and enabled, and a change that is told as a field's own", async (t) => {
  const page = await open(t, '<form id="f"><fieldset id="s" disabled><live-sentiment id="ls" name="t">One</live-sentiment></fieldset></form>');
  assert.deepEqual(await handed(page), {});
  assert.ok(await page.locator("#ls textarea").isDisabled());
  await page.evaluate(() => (s.disabled = false));
  assert.deepEqual(await handed(page), { t: "One" });
  await page.evaluate(() => {
    window.heard = [];
    for (const type of ["input", "change"]) f.addEventListener(type, ({ target }) => heard.push([type, target.id]));
  });
  await page.locator("#ls textarea").fill("Two");
  await page.locator("#ls textarea").blur();
  assert.deepEqual(await page.evaluate(() => heard), [["input", "ls"], ["change", "ls"]]);
  assert.deepEqual(await handed(page), { t: "Two" });
});

test("moved into another document, it looks and reads as before", async (t) => {
  const page = await positive(t, `${FORM}<iframe id="frame"></iframe>`);
  const height = () => page.evaluate(() => getComputedStyle(ls.shadowRoot.querySelector(".verdict")).display);
  assert.equal(await height(), "grid");
  await page.evaluate(() => {
    window.ls = ls;
    window.m = m;
    frame.contentDocument.body.append(f);
  });
  const inside = page.frameLocator("#frame");
  await page.waitForFunction(() => ls.prediction?.label === "positive");
  assert.equal(await inside.locator(".verdict").evaluate((element) => getComputedStyle(element).display), "grid");
  await inside.locator("#m").fill(TEXTS.negative);
  await page.waitForFunction(() => ls.prediction?.label === "negative");
  // And back, by way of a document that is not shown.
  await page.evaluate(() => {
    document.implementation.createHTMLDocument().body.append(ls.form);
    document.body.append(ls.form);
  });
  await page.waitForFunction(() => ls.prediction?.label === "negative");
  assert.equal(await height(), "grid");
});

/** What a browser's translation does: each text gives way to <font><font>text</font></font>. */
const translate = () => {
  const roots = [document.body, ...[...document.querySelectorAll("live-sentiment")].map(({ shadowRoot }) => shadowRoot)];
  for (const root of roots) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) if (walker.currentNode.data.trim() && !walker.currentNode.parentElement?.closest("script, textarea")) texts.push(walker.currentNode);
    for (const text of texts) {
      const [outer, inner] = [document.createElement("font"), document.createElement("font")];
      inner.textContent = `„${text.data}“`;
      outer.append(inner);
      text.replaceWith(outer);
    }
  }
};

test("a page that is translated: the verdict follows the text, and the text stays", async (t) => {
  const page = await positive(t, `${FORM}<live-sentiment id="own">Good day</live-sentiment>`);
  await page.evaluate(translate);
  await page.fill("#m", TEXTS.negative);
  await reads(page, "negative");
  assert.equal(await word(page), "Negative");
  assert.deepEqual(await page.locator("#ls").evaluate(({ shadowRoot }) => [...shadowRoot.querySelectorAll("li")].map(({ textContent }) => textContent.split(" ")[0])), ["Negative", "Neutral", "Positive"]);
  assert.equal(await page.evaluate(() => own.value), "Good day");
  await page.evaluate(translate);
  await page.fill("#m", "");
  await page.waitForFunction(() => ls.shadowRoot.querySelector(".word").textContent === "Nothing to read yet");
  assert.equal(await page.evaluate(() => own.value), "Good day");
});

test("a framework that draws the page anew takes nothing from it", async (t) => {
  const page = await positive(t, FORM, { colorScheme: "dark" });
  // A server's HTML knows nothing of what the element sets itself.
  await page.evaluate(() => ls.removeAttribute("data-theme"));
  assert.equal(await page.getAttribute("#ls", "data-theme"), "dark");
  await page.evaluate(() => {
    const html = f.innerHTML;
    f.innerHTML = html;
    m.value = "This is terrible and I hate it.";
  });
  await reads(page, "negative");
  await page.evaluate(() => ls.replaceWith(ls.cloneNode(true)));
  await reads(page, "negative");
  assert.deepEqual(await handed(page), { message: TEXTS.negative, reads: "negative" });
  // Taken out of the page with its form, it cannot know any more.
  const keys = await page.evaluate(() => {
    const form = f;
    form.remove();
    return [...new FormData(form).keys()];
  });
  assert.deepEqual(keys, ["message"]);
});

test("its field takes the direction of the text, by the first letter that has one", async (t) => {
  const page = await open(t, '<live-sentiment id="ls" dir="rtl"></live-sentiment>');
  const direction = (text) => page.evaluate((text) => ((ls.value = text), getComputedStyle(ls.shadowRoot.querySelector("textarea")).direction), text);
  const texts = { "Hello": "ltr", "12, “שלום” hello": "rtl", "مرحبا": "rtl", "": "rtl", "1 + 2": "rtl", "🙂 été": "ltr", "\u200fhello": "rtl", "𞤀𞤣": "rtl", "日本": "ltr" };
  const seen = {};
  for (const text of Object.keys(texts)) seen[text] = await direction(text);
  assert.deepEqual(seen, texts);
});

test("a long text in one line holds up the page no longer than a <textarea> alone, and is read", async (t) => {
  const page = await open(t, '<textarea id="plain"></textarea><live-sentiment id="ls" loading="eager"></live-sentiment>');
  await page.evaluate((text) => (ls.value = text), TEXTS.negative);
  await reads(page, "negative");
  const held = (selector) =>
    page.evaluate(async (selector) => {
      const field = selector === "#plain" ? plain : ls.shadowRoot.querySelector("textarea");
      field.style.cssText = "width: 600px; height: 100px";
      const [scripts, layouts] = [[], []];
      for (let i = 0; i < 5; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        if (i === 0) field.value = "I love this movie. ".repeat(50_000);
        else field.setRangeText("really ", 2, 2);
        const start = performance.now();
        field.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
        const told = performance.now();
        // What the page would do next.
        field.getBoundingClientRect();
        scripts.push(told - start);
        layouts.push(performance.now() - told);
      }
      // Other programs run beside.
      return { script: Math.min(...scripts), layout: Math.min(...layouts) };
    }, selector);
  const alone = await held("#plain");
  const within = await held("#ls");
  t.diagnostic(`alone ${JSON.stringify(alone)}, in the element ${JSON.stringify(within)}`);
  assert.ok(within.script < 50, `${within.script} ms for a key`);
  // With dir=auto it is twenty times as much.
  assert.ok(within.layout < 6 * alone.layout + 200, `${within.layout} ms to lay out, alone ${alone.layout}`);
  await reads(page, "positive");
  assert.equal(await page.evaluate(() => ls.prediction.truncated), true);
  // What is blank for long is followed to where something is to be read.
  await page.evaluate((text) => (ls.value = " ".repeat(200_000) + text), TEXTS.negative);
  await reads(page, "negative");
});

// Failures, and why they are: what only the page can find out of its policy and of other origins.

/** What a page's policy on trusted types has to name. */
export const POLICY = "live-sentiment";

/** What every promise is rejected with. */
export function failure(kind, message) {
  return Object.assign(new Error(message), { name: "LiveSentimentError", kind });
}

/** Adds to a failure what only the page can know: that its policy, or the other origin, does not allow it. */
export async function explain(error, script, model, blocked) {
  if (!["network", "browser", "crashed"].includes(error?.kind)) return error;
  const here = location.origin;
  if (blocked.length) {
    const rules = new Map(blocked.map(({ effectiveDirective, blockedURI }) => [effectiveDirective, source(blockedURI)]));
    const needed = [...rules].map(([directive, from]) => `${directive} ${from}`).join("; ");
    return failure("browser", `This page's Content-Security-Policy does not allow it. It would have to contain: ${needed}.`);
  }
  for (const [what, address] of [["script", script], ["model", model]]) {
    const { origin, href } = parsed(address) ?? {};
    if (!origin || origin === here || !origin.startsWith("http")) continue;
    const files = what === "model" ? filesOf(href) : [href];
    const options = { referrerPolicy: "no-referrer" };
    // One that may be read tells that it is not that: an answer other than "here it is" often comes without the header.
    if ((await Promise.all(files.map((file) => answers(file, options)))).includes(true)) continue;
    const there = await answers(files[0], { ...options, mode: "no-cors" });
    if (there) return failure("network", `The ${what} is at ${origin}, which does not allow other sites to read it: it must send Access-Control-Allow-Origin: *.`);
  }
  return error;
}

/** Whether a server answers at an address, whatever it says. A GET, for signed addresses know no other; its body is not waited for. */
async function answers(address, options) {
  const controller = new AbortController();
  const answer = fetch(address, { ...options, signal: controller.signal });
  return answer.then(() => true, () => false).finally(() => controller.abort());
}

/** Files that a model's address stands for: of its folder, which lies beside a file that is named; and that file. */
function filesOf(href) {
  const url = new URL(href);
  // A hub's page of a folder or file.
  url.pathname = url.pathname.replace(/^(\/[^/]+\/[^/]+\/)(?:tree|blob)(?=\/[^/])/, "$1resolve");
  const isFile = /\.(gguf|safetensors|json)$/i.test(url.pathname);
  if (!isFile && !url.pathname.endsWith("/")) url.pathname += "/";
  const beside = new URL("config.json", url);
  beside.search = url.search;
  return isFile ? [beside.href, url.href] : [beside.href];
}

/** What a policy calls the source of a blocked address. */
function source(address) {
  if (address === "blob" || address.startsWith("blob:")) return "blob:";
  if (address === "wasm-eval") return "'wasm-unsafe-eval'";
  if (address === "trusted-types-policy") return POLICY;
  return parsed(address)?.origin ?? address;
}

/** An address of the page, or nothing where it is none. (`URL.canParse` is younger than the browsers we work in.) */
export function parsed(address, base = document.baseURI) {
  try {
    return new URL(address, base);
  } catch {
    return undefined;
  }
}

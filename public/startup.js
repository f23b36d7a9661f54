// Says what is wrong when the page cannot start. Once it has started, its own program says everything.

// (module (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt))
const simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

const canRun = typeof WebAssembly === "object" && WebAssembly.validate(new Uint8Array(simd));

function say(what) {
  const alert = document.getElementById("startup");
  if (alert && !alert.textContent) alert.textContent = what;
}

function explain() {
  say(
    canRun
      ? "The page could not be loaded completely. Check the connection and reload it."
      : "This browser is too old for this page. Chrome and Edge 96, Firefox 114, Safari 16.4 and anything later will do.",
  );
}

// A script that did not arrive only tells its own element: hence the capturing.
addEventListener("error", explain, true);
// It comes by itself once there is a network again, with what was typed (DRAFT of src/web/ui/field.rs).
addEventListener("online", () => {
  if (!document.getElementById("startup")?.textContent || !canRun) return;
  try {
    sessionStorage.setItem("live-sentiment draft", document.getElementById("text").value);
  } catch {
    // This browser keeps nothing.
  }
  location.reload();
});
addEventListener("unhandledrejection", explain);
if (!canRun) addEventListener("DOMContentLoaded", explain);

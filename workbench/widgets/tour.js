// Three callouts on a first visit, and a tour of two chapters; once dismissed, the browser remembers it for good.

const KEY = "coconut workbench: tour dismissed";
const WIDTH = 300;

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".tour");
  if (root.started) return;
  root.started = true;
  const seen = localStorage.getItem(KEY);
  const again = button("Tour", () => chapter(0, 0));
  again.className = "again";

  function close() {
    localStorage.setItem(KEY, "yes");
    root.replaceChildren(again);
  }

  function callouts() {
    const notes = data.callouts.map(({ at, text }, index) => note(at, text, index ? [] : [
      button("Take the tour", () => chapter(0, 0)),
      button("Dismiss", close),
    ]));
    root.replaceChildren(again, ...notes.filter(Boolean));
  }

  function chapter(part, step) {
    const { title, steps } = data.chapters[part];
    const last = step === steps.length - 1, other = data.chapters[part + 1];
    const buttons = [step ? button("Back", () => chapter(part, step - 1)) : null];
    if (!last) buttons.push(button("Next", () => chapter(part, step + 1)));
    else if (other) buttons.push(button(`Chapter 2: ${other.title}`, () => chapter(part + 1, 0)));
    buttons.push(button(last && !other ? "Done" : "Close", close));
    const shown = note(steps[step].at, steps[step].text, buttons, `${title}, ${step + 1} of ${steps.length}`);
    root.replaceChildren(again, ...(shown ? [shown] : []));
    shown?.querySelector("button")?.focus();
  }

  // A note below what it speaks of; in the middle of the window where that is not on the page.
  function note(at, text, buttons, title) {
    const place = find(at)?.getBoundingClientRect();
    if (!place && !title) return null;
    const box = document.createElement("div");
    box.className = "note";
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", title ?? "How to read this page");
    const left = place ? place.left + Math.min(place.width / 2, 200) - WIDTH / 2 : window.innerWidth / 2 - WIDTH / 2;
    const top = place ? Math.min(place.bottom + 10, window.innerHeight - 150) : window.innerHeight / 2;
    box.style.left = `${Math.max(8, Math.min(left, window.innerWidth - WIDTH - 8))}px`;
    box.style.top = `${top}px`;
    box.append(...(title ? [part("b", title)] : []), part("p", text), ...buttons.filter(Boolean));
    box.addEventListener("keydown", (event) => event.key === "Escape" && close());
    return box;
  }

  root.replaceChildren(again);
  if (!seen) waitFor(data.callouts[0].at, callouts);
}

// Inside of other components too, which have shadow roots of their own.
function find(selector) {
  const roots = [document, ...[...document.querySelectorAll("[data-testid^=stBidiComponent], [data-testid^=stBidiComponent] *")].map((each) => each.shadowRoot).filter(Boolean)];
  for (const root of roots) {
    const found = root.querySelector(selector);
    if (found) return found;
  }
}

function waitFor(selector, then, tries = 40) {
  if (find(selector)) then();
  else if (tries) setTimeout(() => waitFor(selector, then, tries - 1), 250);
}

function button(label, click) {
  const made = part("button", label);
  made.addEventListener("click", click);
  return made;
}

function part(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

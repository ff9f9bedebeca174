// What Streamlit can't do from Python: keep a conversation's id for the life of a browser tab, tell a screen reader
// once that an answer is complete, and bring a question just asked into view. Data arrives as JSON; nothing is HTML.
const KEY = "ketamine-answers-conversation";
const seen = (window.__ketamineAnswers ??= { asked: false, announced: "", scrolled: "" });

function storage() {
  try {
    return window.sessionStorage;
  } catch {
    return null; // storage is blocked: a reload then starts a new conversation
  }
}

function remember(id, setStateValue) {
  const tab = storage();
  const stored = tab?.getItem(KEY);
  if (!seen.asked && stored && stored !== id) {
    seen.asked = true;
    setStateValue("stored", stored);
    return;
  }
  seen.asked = true;
  tab?.setItem(KEY, id);
}

function announce(region, { id, text }) {
  if (!id || id === seen.announced) return;
  seen.announced = id;
  region.textContent = text;
}

function bringIntoView(anchor) {
  if (!anchor || anchor === seen.scrolled) return;
  seen.scrolled = anchor;
  let frames = 45; // the page still grows and shrinks for a moment: hold the place, unless the reader moves
  const letGo = () => (frames = 0);
  const moves = ["wheel", "touchstart", "pointerdown", "keydown"];
  moves.forEach((move) => window.addEventListener(move, letGo, { once: true, passive: true }));
  const hold = () => {
    if (frames-- <= 0) return moves.forEach((move) => window.removeEventListener(move, letGo));
    document.getElementById(anchor.split("/").pop())?.scrollIntoView({ block: "start", behavior: "instant" });
    requestAnimationFrame(hold);
  };
  requestAnimationFrame(hold);
}

export default function ({ data, parentElement, setStateValue }) {
  remember(data.conversation, setStateValue);
  announce(parentElement.querySelector("[role=status]"), data.announcement);
  bringIntoView(data.scroll);
}

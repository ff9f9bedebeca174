/* Ketamine Answers: the chat on a clinic's website, one file without dependencies. See docs/embedding.md. */
(() => {
"use strict";

// Taken now, so that a script of the page that redefines one of these later does no harm.
const { document, location, navigator, console, customElements, HTMLElement, CSS, Intl, URL } = window;
const { TextDecoder, AbortController, CSSStyleSheet } = window;
const { parse, stringify } = JSON;
const own = (object, ...names) => names.map((name) => object[name].bind(object));
const [fetch, matchMedia, computed] = own(window, "fetch", "matchMedia", "getComputedStyle");
const [setTimeout, clearTimeout] = own(window, "setTimeout", "clearTimeout");
const [createElement, createElementNS] = own(document, "createElement", "createElementNS");

const TAG = "ketamine-answers-chat";
// Words for when the server can't be reached; it fills them in from prompts/interface.
const BUILT_IN = {};
const script = document.currentScript || document.querySelector('script[data-site][src*="widget.js"]');
const HOME = new URL(".", (script && script.src) || location.href);
const IDLE_MS = 25_000; // without a byte, heartbeats included, the server is taken for dead
const SLOW_MS = 8_000; // then the reader is told that it takes longer
const MOST_HISTORY = 40;
const ICONS = {
  chat: "M4 5h16v11H10l-5 4v-4H4zM8 9h8M8 12h5",
  close: "M6 6l12 12M18 6L6 18",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7 7h10v10H7z",
};

// ---- small helpers

/** An element ("p.small") of children, attributes and listeners. Text stays text, never HTML. */
function h(name, ...parts) {
  const [tag, ...classes] = name.split(".");
  const element = createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const part of parts.flat()) {
    if (part === null || part === undefined || part === "") continue;
    if (typeof part !== "object" || part.nodeType) element.append(part);
    else Object.entries(part).forEach(([key, value]) => {
      if (typeof value === "function") element.addEventListener(key, value);
      else element.setAttribute(key, value);
    });
  }
  return element;
}

const button = (name, text, click) => h(name, { type: "button", click }, text);

function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const direction = (language) => (/^(ar|fa|he|ur)\b/.test(language) ? "rtl" : "ltr");
const inDanger = (reason) => ["crisis", "emergency"].includes(reason);
const needsHelp = (help) => Boolean(help) && inDanger(help.reason);
const NEVER_KEPT = ["crisis", "emergency", "abuse", "check_in"]; // the server refuses them too

/** JSON in which toJSON methods that old libraries add to every array have no part. */
function toJson(value) {
  const shield = (part) => {
    if (!part || typeof part !== "object") return part;
    const copy = Array.isArray(part) ? [] : {};
    Object.defineProperty(copy, "toJSON", { value: undefined });
    for (const key of Object.keys(part)) copy[key] = shield(part[key]);
    return copy;
  };
  return stringify(shield(value));
}

/** An address that may be linked: https, or a page of the chat's own server. Anything else gives "". */
function link(url) {
  try {
    const { protocol, origin, href } = new URL(url, HOME);
    return protocol === "https:" || origin === HOME.origin ? href : "";
  } catch {
    return "";
  }
}

/** Only the leading digits are dialled: "988, then press 1" dials 988. */
function dialled(number) {
  const match = /^[+\d][\d\s()-]*/.exec(number || "");
  return match ? `tel:${match[0].replace(/[^+\d]/g, "")}` : "";
}

/** "Text HOME to 741741" writes HOME to that number. */
function texted(text) {
  const match = /^(?:.*?\b([A-Z]{2,})\b)?\D*(\d[\d -]+)$/.exec(text || "");
  return match ? `sms:${match[2].replace(/\D/g, "")}${match[1] ? `?body=${match[1]}` : ""}` : "";
}

/** The events of a stream as [name, data], each with one line of data; `alive` is called whenever bytes arrive. */
async function* events(body, alive) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    rest += decoder.decode(value, { stream: true });
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) => (new RegExp(`^${name}:(.*)`, "m").exec(block) || ["", ""])[1].trim();
      if (field("data")) yield [field("event"), parse(field("data"))];
    }
  }
}

/** Why a question wasn't answered: an id of the words, and the seconds to wait before the next try. */
class Trouble extends Error {
  constructor(id, seconds = 0) {
    super(id);
    Object.assign(this, { id, seconds });
  }

  static of(status, wait) {
    if ([429, 503].includes(status)) return new Trouble("busy", Math.min(Number(wait) || 10, 600));
    return new Trouble([400, 413, 422].includes(status) ? "refused" : "failed");
  }
}

// ---- the conversation

/** The turns of one reader: in memory, and in this tab's sessionStorage up to the first turn in a crisis. */
class Conversation {
  constructor(site) {
    this.key = `ketamine-answers:${site}`;
    this.open = false;
    this.turns = [];
    try {
      const kept = parse(window.sessionStorage.getItem(this.key)) || {};
      this.open = kept.open === true;
      this.turns = (kept.turns || []).filter((turn) => typeof turn.text === "string" && turn.answer);
    } catch {
      // storage is blocked or holds something else: begin anew
    }
  }

  /** What the reader said before `turn`; a crisis and all after it always, since the server remembers nothing. */
  before(turn) {
    const earlier = this.turns.slice(0, this.turns.indexOf(turn));
    return earlier.filter((t, i) => t.secret || i >= earlier.length - MOST_HISTORY).map((t) => t.text);
  }

  /** Keep for the next page. A turn without an answer may be a crisis too. */
  keep() {
    const secret = this.turns.findIndex((turn) => turn.secret);
    const turns = this.turns.filter((turn, i) => turn.answer && (secret < 0 || i < secret));
    try {
      if (this.open || turns.length) window.sessionStorage.setItem(this.key, toJson({ open: this.open, turns }));
      else window.sessionStorage.removeItem(this.key);
    } catch {
      // storage is blocked or full: the conversation lives as long as the page
    }
  }
}

// ---- the element: its frame

class Chat extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return this.close(); // moved by the page: what floated is hidden now
    this.siteId = this.dataset.site || "";
    this.inline = this.dataset.mode !== "button";
    this.asked = (/^[a-z]{2}(?![a-z])/.exec(this.dataset.language) || [""])[0];
    this.language = this.asked || document.documentElement.lang.slice(0, 2);
    this.words = { ...BUILT_IN.en, ...BUILT_IN[this.language] };
    this.site = {};
    this.talk = new Conversation(this.siteId);
    this.build();
    this.load();
    const begun = this.talk.open || this.dataset.open !== undefined;
    if (begun && !matchMedia("(max-width: 480px)").matches) this.show(false); // a phone's page would be covered
  }

  open() {
    this.show(true);
  }

  close() {
    if (this.inline) return;
    const inside = this.shadowRoot.activeElement;
    this.toggle(this.panel, false);
    this.toggle(this.dock, true);
    this.remember(false);
    if (inside) this.launcher.focus();
  }

  t(id, fields = {}) {
    return String(this.words[id] || "").replace(/\{(\w+)\}/g, (_, name) => fields[name]);
  }

  build() {
    const root = this.attachShadow({ mode: "open" });
    if (root.adoptedStyleSheets) {
      root.adoptedStyleSheets = [new CSSStyleSheet()];
      root.adoptedStyleSheets[0].replaceSync(STYLE);
    } else root.append(h("style", STYLE)); // browsers from before 2023, where the page's policy allows it
    this.launcher = button("button.launch", null, () => this.open());
    this.launcher.ariaHasPopup = "dialog";
    this.dock = h("section.dock", { popover: "manual", hidden: "" }, this.launcher);
    this.heading = h("h2", { id: "title", tabindex: "-1" });
    this.notice = h("p", { id: "notice" });
    this.shut = button("button.icon", icon("close"), () => this.close());
    this.log = h("div.log", { role: "region", tabindex: "0" });
    this.strip = h("section.strip");
    this.status = h("p.sr", { role: "status" });
    const floats = this.inline ? "" : { role: "dialog", popover: "manual", hidden: "" };
    this.panel = h(
      "section.panel",
      floats,
      { "aria-labelledby": "title", "aria-describedby": "notice", keydown: (event) => this.keys(event) },
      h("header", h("div", this.heading, this.notice), this.inline ? null : this.shut),
      [this.log, this.strip, this.buildForm(), this.buildFoot(), this.status],
    );
    this.probe = h("span.probe");
    this.root = h(this.inline ? "div.root.inline" : "div.root", this.dock, this.panel, this.probe);
    root.append(this.root);
    if (!this.inline) this.toggle(this.dock, true);
    this.dress();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.contrast());
  }

  buildForm() {
    const submit = (event) => {
      event.preventDefault();
      if (event.type === "submit" && this.asking) this.asking.abort("stopped");
      else this.submit();
    };
    const keydown = (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && submit(event);
    const input = () => this.grow();
    this.box = h("textarea", { id: "box", rows: "1", enterkeyhint: "send", autocomplete: "off", input, keydown });
    this.boxLabel = h("label.sr", { for: "box" });
    this.send = h("button.send", { type: "submit" });
    this.form = h("form", { hidden: "", submit }, this.boxLabel, this.box, this.send);
    return this.form;
  }

  buildFoot() {
    const clear = () => {
      this.anew();
      this.close();
    };
    this.anewButton = button("button", null, () => this.anew(true));
    this.clearButton = button("button", null, clear);
    this.privacy = h("a", { target: "_blank", rel: "noopener noreferrer" });
    this.foot = h("footer", { hidden: "" }, this.anewButton, this.inline ? null : this.clearButton, this.privacy);
    return this.foot;
  }

  /** Words, colours and side in force; called again when the site's own have arrived. */
  dress() {
    const { dock, shut, log, strip, heading, boxLabel, anewButton, clearButton, privacy } = this;
    const names = { title: dock, close: shut, conversation: log, strip_label: strip };
    const texts = { title: heading, label: boxLabel, new: anewButton, clear: clearButton, privacy };
    for (const id of Object.keys(names)) names[id].ariaLabel = this.t(id);
    for (const id of Object.keys(texts)) texts[id].textContent = this.t(id);
    this.launcher.replaceChildren(icon("chat"), this.t("open"));
    this.box.placeholder = this.t("placeholder");
    this.root.lang = this.language;
    this.root.dir = direction(this.language);
    this.root.dataset.position = this.option("position");
    this.busy(false);
    const accent = this.option("accent");
    if (CSS.supports("color", accent)) this.root.style.setProperty("--site-accent", accent);
    if (/^(light|dark)$/.test(this.option("scheme"))) this.root.style.colorScheme = this.option("scheme");
    this.contrast();
  }

  option(name) {
    return this.dataset[name] || (this.site.theme || {})[name] || "";
  }

  /** Black or white on the accent colour: always 4.5 to 1 or more. */
  contrast() {
    const colour = computed(this.probe).color;
    const scale = colour.startsWith("rgb") ? 255 : 1;
    const [r, g, b] = colour.match(/-?[\d.]+(e-?\d+)?/g).map((part) => {
      const value = Math.min(Math.max(part / scale, 0), 1);
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    const light = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179;
    this.root.style.setProperty("--on-accent", light ? "#000" : "#fff");
  }

  toggle(element, visible) {
    element.hidden = !visible;
    if (element.togglePopover) element.togglePopover(visible); // without it `hidden` and a high z-index must do
  }

  /** Opens the panel: a dialog that holds the focus when the reader asked for it, else it takes no focus. */
  show(asked) {
    if (this.inline) return asked && this.box.focus();
    this.modal = asked;
    this.panel.ariaModal = asked ? "true" : null;
    this.toggle(this.dock, false);
    this.toggle(this.panel, true);
    this.remember(true);
    if (asked) this.focusInside();
    if (!this.site.id && !this.loading) this.load();
  }

  remember(open) {
    this.talk.open = open;
    this.talk.keep();
  }

  /** On a touch screen the keyboard that comes with the focus would hide what there is to read. */
  touch() {
    return matchMedia("(pointer: coarse)").matches;
  }

  focusInside() {
    (this.form.hidden || this.touch() ? this.heading : this.box).focus();
  }

  keys(event) {
    if (this.inline) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
    }
    if (event.key !== "Tab" || !this.modal) return;
    const all = this.panel.querySelectorAll("a[href], button:enabled, textarea, summary, [tabindex='0']");
    const stops = [...all].filter((e) => (e.checkVisibility ? e.checkVisibility() : e.offsetParent));
    const ends = [stops[0], stops[stops.length - 1]];
    const [from, to] = event.shiftKey ? ends : ends.reverse();
    const now = this.shadowRoot.activeElement;
    if (now !== from && !(event.shiftKey && now === this.heading)) return;
    event.preventDefault();
    to.focus();
  }

  // ---- the site

  async load() {
    this.loading = true;
    const query = this.asked && `?language=${this.asked}`;
    const address = new URL(`api/v1/sites/${encodeURIComponent(this.siteId)}${query}`, HOME);
    try {
      const found = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" });
      if (found.ok) this.begin(await found.json());
      else if (found.status >= 500 || found.status === 429) this.unreached();
      else this.refused((await found.json().catch(() => ({}))).detail || found.status);
    } catch {
      this.unreached();
    }
    this.loading = false;
  }

  /** The operator's mistake: said in the console, and no dead button on the page. */
  refused(detail) {
    console.error(`Ketamine Answers (data-site="${this.siteId}"): ${detail}`);
    this.toggle(this.dock, false);
    this.log.replaceChildren(h("p", this.t("unavailable")), h("p", this.t("dead_help")));
  }

  unreached() {
    const retry = () => {
      this.heading.focus();
      this.load();
    };
    this.log.replaceChildren(this.trouble(this.t("dead"), retry));
    if (!this.panel.hidden) this.status.textContent = this.log.firstChild.firstChild.textContent;
  }

  begin(site) {
    const waited = this.shadowRoot.activeElement === this.heading;
    this.site = site;
    this.language = site.language || this.language;
    Object.assign(this.words, site.words);
    this.dress();
    this.notice.textContent = this.t("automated", { clinic: site.clinic_name });
    this.strip.replaceChildren(this.stripLine());
    const privacy = site.privacy_url && link(site.privacy_url);
    this.privacy.hidden = !privacy;
    if (privacy) this.privacy.href = privacy;
    this.form.hidden = this.foot.hidden = false;
    this.draw();
    if (waited && this.modal) this.focusInside();
  }

  /** The whole conversation, or the welcome when there is none. */
  draw() {
    this.views = [];
    this.log.replaceChildren(...(this.talk.turns.length ? [] : [this.welcome()]));
    for (const turn of this.talk.turns) this.finish(this.addTurn(turn));
    this.below();
    if (this.last()) this.bring(this.last().node);
  }

  last() {
    return this.views[this.views.length - 1];
  }

  welcome() {
    const greeting = this.dataset.greeting || this.site.greeting || this.t("greeting");
    return h(
      "div.welcome",
      h("p", greeting),
      h("p.quiet", this.t("limits")),
      this.asks("suggestions", this.site.suggestions),
      h("p.small", this.t("kept")),
    );
  }

  asks(id, questions) {
    if (!questions || !questions.length) return "";
    const items = questions.map((text) => h("li", button("button", h("bdi", text), () => this.ask(text))));
    return h("div.asks", h("h3", this.t(id)), h("ul", items));
  }

  anew(stay) {
    if (this.asking) this.asking.abort("cleared");
    this.asking = null;
    this.talk.turns = [];
    this.talk.keep();
    this.status.textContent = "";
    this.busy(false);
    this.draw();
    if (stay) this.box.focus();
  }

  // ---- help lines

  call(number, text = number) {
    const href = dialled(number);
    return href ? h("a.call", { href }, text) : "";
  }

  outside(url, text, about) {
    const href = url && link(url);
    const hidden = h("span.sr", ` ${about || ""} (${this.t("new_tab")})`);
    return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, text, hidden) : "";
  }

  helpBox(help, big) {
    const title = this.t(`help_title_${!big && needsHelp(help) ? "still" : help.reason}`);
    const number = this.call(help.emergency);
    const emergency = h("p.emergency", number ? [this.t("help_emergency"), " ", number] : this.t("help_emergency_any"));
    const parts = [h("ul", (help.lines || []).map((line) => this.helpLine(line))), emergency];
    if (help.reason === "emergency") parts.reverse();
    return h(big ? "section.help.big" : "section.help", { "aria-label": title }, h("h4", title), parts);
  }

  helpLine({ name, number, hours, text, url, languages }) {
    const href = texted(text);
    const website = this.outside(url, this.t("help_website"), name);
    const texting = href ? h("a", { href }, text) : text;
    const details = [texting, hours, this.spoken(languages), website].filter(Boolean).map((part) => h("bdi", part));
    const call = number && (this.call(number, this.t("help_call", { number })) || number);
    return h("li", h("strong", h("bdi", name)), call, h("div.details", details));
  }

  spoken(codes = []) {
    try {
      const names = new Intl.DisplayNames([this.language, "en"], { type: "language" });
      return codes.map((code) => names.of(code)).join(", ");
    } catch {
      return codes.join(", "); // not a code: no reason to show no help
    }
  }

  /** One calm line that is always in sight; before the site is known, the built-in sentence. */
  stripLine(name = "p") {
    const { help } = this.site;
    if (!help) return h(name, this.t("dead_help"));
    const line = (help.lines || [])[0];
    const parts = [h("strong", this.t("strip")), " "];
    const call = line && this.call(line.number);
    if (call) parts.push(h("bdi", `${line.name}: `, call), ". ");
    else if (line) parts.push(this.outside(line.url, line.name) || `${line.name}: ${line.text}`, ". ");
    const emergency = this.call(help.emergency);
    if (emergency) parts.push(this.t("strip_emergency"), " ", emergency, ".");
    return h(name, parts);
  }

  // ---- asking

  submit() {
    const text = this.box.value.trim();
    if (!text || this.asking) return;
    this.box.value = "";
    this.grow();
    this.ask(text);
  }

  grow() {
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight + 2}px`;
  }

  busy(busy) {
    this.send.dataset.busy = busy;
    this.send.title = this.send.ariaLabel = this.t(busy ? "stop" : "send");
    this.send.replaceChildren(icon(busy ? "stop" : "send"));
  }

  ask(text) {
    if (this.asking) return;
    const turn = { text };
    if (!this.talk.turns.length) this.log.replaceChildren();
    this.talk.turns.push(turn);
    this.answer(this.addTurn(turn));
  }

  /** Asks the server, shows what arrives as it arrives, and says what went wrong otherwise. */
  async answer(view, continued) {
    const control = (this.asking = new AbortController());
    const dead = () => control.abort("dead");
    const clocks = { slow: setTimeout(() => this.wait(view, "slow"), SLOW_MS) };
    const alive = () => {
      clearTimeout(clocks.idle);
      clocks.idle = setTimeout(dead, IDLE_MS);
    };
    this.empty(view);
    alive();
    (this.touch() ? view.answer : this.box).focus({ preventScroll: true });
    let trouble = null;
    try {
      await this.stream(view, continued, control.signal, alive);
    } catch (error) {
      trouble = this.reasonOf(error, control.signal, view);
    }
    Object.values(clocks).forEach(clearTimeout);
    if (this.asking !== control) return; // cleared meanwhile
    this.asking = null;
    this.busy(false);
    view.wait.replaceChildren();
    if (trouble) this.failed(view, trouble, continued);
    else this.announce(view.turn.answer);
    this.below();
    this.talk.keep();
  }

  async stream(view, continued, signal, alive) {
    const { turn } = view;
    const body = this.question(turn);
    if (continued) body.continue_after_help = true;
    const response = await this.post("ask/stream", body, "text/event-stream", signal);
    if (!response.ok) throw Trouble.of(response.status, response.headers.get("Retry-After"));
    for await (const [name, data] of events(response.body, alive)) {
      if (signal.aborted) break;
      if (name === "message") this.first(view, data);
      if (name === "citation") this.addCard(view, data);
      if (name === "sentence") this.addSentence(view, data);
      if (name === "error") throw Trouble.of(data.status, data.retry_after);
      if (name !== "done") continue;
      const { checks, timings_ms, ...answer } = data; // all but how it was made
      turn.answer = answer;
      turn.continued = continued;
      return this.finish(view);
    }
    throw new Trouble("dead");
  }

  question(turn) {
    const body = { text: turn.text, history: this.talk.before(turn), site: this.siteId, detail: "plain" };
    if (this.asked) body.language = this.asked;
    return body;
  }

  post(path, body, accept = "application/json", signal = null) {
    const headers = { "Content-Type": "application/json", Accept: accept };
    const quiet = { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" };
    return fetch(new URL(`api/v1/${path}`, HOME), { method: "POST", body: toJson(body), headers, signal, ...quiet });
  }

  reasonOf(error, signal, view) {
    if (signal.aborted && signal.reason !== "dead") return new Trouble("stopped");
    if (error instanceof Trouble && error.id !== "dead") return error;
    if (view.said.firstChild) return new Trouble("cut");
    return new Trouble(navigator.onLine === false ? "offline" : "dead");
  }

  // ---- a turn on the page

  addTurn(turn) {
    const view = { turn, cards: new Map(), list: h("ol"), summary: h("summary"), sure: h("p.small") };
    for (const part of ["first", "wait", "said", "after", "fail", "vote", "keep", "next"]) view[part] = h(`div.${part}`);
    view.sources = h("details.sources", { hidden: "" }, view.summary, view.sure, view.list);
    view.answer = h("div.answer", { tabindex: "-1" }, h("h3.sr", this.t("answer")), view.first, view.next, view.wait);
    view.answer.append(view.said, view.after, view.fail, view.sources, view.vote, view.keep);
    this.speaks(view, this.language);
    const typed = h("p.typed", { dir: "auto" }, turn.text);
    view.node = h("div.turn", h("h3.sr", this.t("you")), typed, view.answer);
    this.views.push(view);
    this.log.append(view.node);
    return view;
  }

  speaks(view, language) {
    view.answer.lang = language;
    view.answer.dir = direction(language);
  }

  /** Ready for an answer. What was said first, a crisis line for instance, stays. */
  empty(view) {
    for (const name of ["said", "after", "fail", "vote", "keep", "next", "list", "sure"]) view[name].replaceChildren();
    view.cards.clear();
    view.sources.hidden = true;
    this.wait(view, "thinking");
    this.busy(true);
    this.bring(view.node);
  }

  wait(view, id) {
    if (!view.said.firstChild) view.wait.replaceChildren(h("p.quiet.thinking", this.t(id)));
  }

  /** Help first, and big, when somebody may be in danger; then the message. */
  first(view, { outcome, message, help }) {
    const urgent = help && inDanger(outcome);
    if (inDanger(outcome) || needsHelp(help)) view.turn.secret = true;
    const told = message ? message.text.split(/\n\s*\n/).map((text) => h("p", text)) : [];
    if (told.length) told[told.length - 1].append(...this.marksOf(view, message.citations));
    view.first.replaceChildren(...(urgent ? [this.helpBox(help, true)] : []), ...told);
    if (urgent) this.bring(view.answer);
  }

  addSentence(view, { text, citations }) {
    const [mark, ...more] = this.marksOf(view, citations);
    const last = text.lastIndexOf(" ") + 1; // the first mark never stands alone on a line
    view.wait.replaceChildren();
    view.said.append(h("p", text.slice(0, last), h("span.end", text.slice(last), mark), more));
  }

  /** The numbers after a sentence; each opens its source card. */
  marksOf(view, numbers) {
    return (numbers || []).map((number) => {
      const mark = button("button.mark", number, () => this.openCard(view, number, mark));
      const card = view.cards.get(number);
      mark.ariaLabel = this.t("source", { number, title: card ? card.dataset.title : "" });
      return mark;
    });
  }

  openCard(view, number, mark) {
    const card = view.cards.get(number);
    if (!card) return;
    view.back = mark;
    view.sources.open = true;
    card.focus({ preventScroll: true });
    this.bring(card);
  }

  addCard(view, source) {
    const { number, title, publisher, year, evidence, provenance, section, quote, url } = source;
    if (view.cards.has(number)) return;
    const facts = [publisher, year || this.t("no_year"), this.t(`evidence_${evidence}`)].filter(Boolean).join(" · ");
    const english = { lang: "en", dir: "auto" };
    const back = button("button", this.t("back"), () => (view.back || view.answer).focus());
    const card = h(
      provenance === "clinic" ? "li.card.clinic" : "li.card",
      { tabindex: "-1", "data-title": title },
      h("p.name", h("span.number", number), h("span", english, title)),
      h("p.small", facts),
      h("blockquote", english, h("span.sr", { lang: this.language }, `${this.t("quote")}: `), quote),
      h("p.small", section ? `${this.t("section", { section })} ` : "", this.t(`provenance_${provenance}`)),
      h("p.links", this.outside(url, this.t("open_source"), title), back),
    );
    view.cards.set(number, card);
    view.list.append(card);
    view.sources.hidden = false;
    view.summary.textContent = this.t("sources", { count: view.cards.size });
  }

  /** Completes what the stream has shown; nothing shown is taken away. */
  finish(view) {
    const { turn, said } = view;
    const { outcome, language, sentences, citations, notices, help, confidence } = turn.answer;
    this.speaks(view, language);
    view.wait.replaceChildren();
    (citations || []).forEach((source) => this.addCard(view, source));
    this.first(view, turn.answer);
    (sentences || []).slice(said.childElementCount).forEach((sentence) => this.addSentence(view, sentence));
    view.after.replaceChildren(...(notices || []).map((notice) => h("p.notice", notice.text)));
    if (help && !inDanger(outcome)) view.after.append(this.helpBox(help, false));
    if (confidence) view.sure.textContent = this.t(`confidence_${confidence}`);
    if (turn.secret) return;
    this.voting(view);
    this.offer(view);
  }

  voting(view) {
    const { turn } = view;
    const thanks = () => view.vote.replaceChildren(h("p.small", this.t("thanks")));
    const vote = async (helpful) => {
      const body = { answer_id: turn.answer.id, helpful, site: this.siteId };
      const sent = await this.post("feedback", body).catch(() => ({}));
      if (!sent.ok) return; // the buttons stay, to try again
      turn.voted = true;
      turn.unhelpful = !helpful;
      thanks();
      this.offer(view);
      view.answer.focus({ preventScroll: true });
      this.talk.keep();
    };
    if (turn.voted) return thanks();
    const choice = (id, helpful) => button("button", this.t(id), () => vote(helpful));
    const label = this.t("helpful");
    const group = h("div", { role: "group", "aria-label": label }, choice("yes", true), choice("no", false));
    view.vote.replaceChildren(h("p.small", label), group);
  }

  /** Beside an answer that didn't help: may the clinic keep the question? Never asked where there was danger. */
  offer(view) {
    const { turn } = view;
    const { id, outcome, labels, help } = turn.answer;
    const told = (name) => view.keep.replaceChildren(h("p.small", this.t(name)));
    const danger = [outcome, ...(labels || []), help && help.reason].some((name) => NEVER_KEPT.includes(name));
    if (!this.site.keeps_questions || danger || !(outcome === "no_evidence" || turn.unhelpful)) return;
    if (turn.kept) return told("keep_thanks");
    const keep = async () => {
      const body = { question: { ...this.question(turn), id }, unhelpful: Boolean(turn.unhelpful), consent: true };
      const sent = await this.post("keep", body).catch(() => ({}));
      if (!sent.ok) return told("keep_failed");
      turn.kept = (await sent.json()).kept;
      told(turn.kept ? "keep_thanks" : "keep_failed");
      view.answer.focus({ preventScroll: true });
      this.talk.keep();
    };
    view.keep.replaceChildren(h("p.small", this.t("keep_question")), button("button", this.t("keep_button"), keep));
  }

  /** What only the last turn offers: the way out of a crisis, or questions to ask next. */
  below() {
    for (const view of this.views) view.next.replaceChildren();
    const view = this.last();
    const { outcome, labels, follow_ups } = (view && view.turn.answer) || {};
    if (!outcome) return;
    const crisis = inDanger(outcome) && [outcome, ...(labels || [])].includes("crisis");
    if (crisis) view.next.append(this.wayOut(view));
    else view.keep.after(view.next);
    if (!crisis) view.next.append(this.asks("follow_ups", follow_ups));
  }

  wayOut(view) {
    const other = () => !this.asking && this.answer(view, true);
    return h(
      "div.out",
      button("button", this.t("safe_button"), () => this.ask(this.t("safe_now"))),
      view.turn.continued ? "" : button("button", this.t("other_button"), other),
    );
  }

  /** A clear sentence, the crisis line, and a way to try again. */
  trouble(told, retry) {
    const again = button("button.again", this.t("retry"), retry);
    return h("div.error", h("div", h("p", told), this.stripLine("p.crisis")), again);
  }

  failed(view, { id, seconds }, continued) {
    const retry = () => {
      if (!this.asking) this.answer(view, continued);
    };
    const box = this.trouble(this.t(id, { seconds }), retry);
    const [told, again] = box.children;
    again.disabled = seconds > 0;
    setTimeout(() => (again.disabled = false), seconds * 1000);
    view.fail.replaceChildren(box);
    this.status.textContent = told.textContent;
    if (id !== "refused") return;
    again.remove(); // sent again it would be refused again: back into the box, to be shortened
    this.talk.turns = this.talk.turns.filter((turn) => turn !== view.turn);
    this.box.value ||= view.turn.text;
    this.grow();
  }

  /** What a screen reader is told, once, when the answer is complete. */
  announce({ message, sentences, help, outcome }) {
    const told = [message, ...(sentences || [])].filter(Boolean).map(({ text }) => text);
    if (help && inDanger(outcome)) {
      const { name, number, text } = (help.lines || [])[0] || {};
      told.unshift(`${this.t(`help_title_${help.reason}`)}. ${name ? `${name}: ${number || text}.` : ""}`);
    }
    this.status.textContent = this.t("ready", { answer: told.join(" ") });
  }

  /** Scrolls the chat, never the page around it, so that `node` is at its top. */
  bring(node) {
    const box = this.log.scrollHeight > this.log.clientHeight + 1 ? this.log : this.panel;
    box.scrollTop += node.getBoundingClientRect().top - box.getBoundingClientRect().top - 12;
  }
}

// ---- look: the server puts widget.css here

const STYLE = ``;

// ---- start

function mount() {
  if (!script || !script.dataset.site) return; // the page places the element itself
  const { site, mode, target } = script.dataset;
  if (document.querySelector(`${TAG}[data-mode="button"][data-site="${CSS.escape(site)}"]`)) return;
  const element = createElement(TAG);
  Object.assign(element.dataset, script.dataset);
  element.dataset.mode = mode === "inline" ? mode : "button";
  if (mode !== "inline") return document.body.append(element);
  try {
    document.querySelector(target).append(element);
  } catch {
    console.error(`Ketamine Answers: data-target="${target}" names no element of this page`);
  }
}

if (!customElements.get(TAG)) customElements.define(TAG, Chat);
if (document.readyState !== "loading") mount();
else document.addEventListener("DOMContentLoaded", mount);
})();

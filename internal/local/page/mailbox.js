// The list asks every two seconds; the answer is nearly always "304, nothing new". Whatever a mail
// holds reaches the page as text (textContent) or within the sandboxed frame, never as markup.
"use strict";

const byId = (id) => document.getElementById(id);
const parts = ["html", "text", "header"];
const seen = new Set();
let mails = [];
let first = true;
let shown = null; // the mail in the reader

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function when(at) {
  const time = new Date(at);
  const today = time.toDateString() === new Date().toDateString();
  return time.toLocaleString([], today
    ? { hour: "2-digit", minute: "2-digit", second: "2-digit" }
    : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

function found() {
  const words = byId("search").value.trim().toLowerCase();
  return mails.filter((m) => [m.to, m.from, m.sender, m.subject].join("\n").toLowerCase().includes(words));
}

function drawList() {
  const chosen = location.hash.slice(1);
  const focused = document.activeElement?.closest?.("#list a")?.hash;
  const list = found();
  byId("list").replaceChildren(...list.map((m) => {
    const link = element("a", { href: "#" + m.id },
      element("span", { className: "to", textContent: m.to }),
      element("time", { dateTime: m.at, textContent: when(m.at) }),
      element("span", { className: "subject", textContent: m.subject || "(no subject)" }));
    if (m.id === chosen) link.setAttribute("aria-current", "true");
    return element("li", { className: seen.has(m.id) ? "" : "new" }, link);
  }));
  if (focused) byId("list").querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  byId("nothing").hidden = list.length > 0;
  byId("nothing").textContent = mails.length ? "No mail matches." : "No mail yet.";
  const fresh = mails.filter((m) => !seen.has(m.id)).length;
  byId("count").textContent = mails.length + (mails.length === 1 ? " mail" : " mails") + (fresh ? `, ${fresh} new` : "");
  document.title = (fresh ? `(${fresh}) ` : "") + "Mailbox";
}

async function refresh() {
  try {
    const answer = await fetch("messages.json?limit=1000");
    if (!answer.ok) throw new Error(answer.statusText);
    const next = await answer.json();
    const changed = first || next.length !== mails.length || next[0]?.id !== mails[0]?.id;
    mails = next;
    if (first) mails.forEach((m) => seen.add(m.id));
    byId("trouble").hidden = true;
    if (changed) drawList();
    if (first) await open();
    first = false;
  } catch {
    byId("trouble").hidden = false;
  }
}

async function open() {
  const id = location.hash.slice(1);
  const answer = /^\d+$/.test(id) ? await fetch(`messages/${id}.json`).catch(() => null) : null;
  if (id !== location.hash.slice(1)) return; // another one was chosen meanwhile
  const mail = answer?.ok ? await answer.json() : null;
  byId("welcome").hidden = mail !== null;
  byId("mail").hidden = mail === null;
  document.body.classList.toggle("reading", mail !== null);
  if (mail && mail.id !== shown?.id) drawMail(mail);
  shown = mail;
  if (mail) seen.add(mail.id);
  drawList();
}

function drawMail(mail) {
  byId("subject").textContent = mail.subject || "(no subject)";
  const facts = [["To", mail.to], ["From", mail.sender || mail.from], ["Reply to", mail.replyTo], ["Arrived", new Date(mail.at).toLocaleString()]];
  byId("facts").replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value]) =>
    [element("dt", { textContent: name }), element("dd", { textContent: value })]));
  byId("download").href = `messages/${mail.id}.eml`;
  byId("text").replaceChildren(...withLinks(mail.text || "(no text part)"));
  byId("headers").replaceChildren(...Object.entries(mail.header).flatMap(([name, values]) => values.map((value) =>
    element("tr", {}, element("th", { scope: "row", textContent: name }), element("td", { textContent: value })))));
  byId("tab-html").hidden = !mail.html;
  // Replacing the location leaves no entry in the history, so that "back" leads to the list.
  byId("frame").contentWindow.location.replace(mail.html ? new URL(`messages/${mail.id}.html`, document.baseURI) : "about:blank");
  choose(mail.html ? "html" : "text");
  byId("reader").scrollTop = 0;
}

// withLinks makes web addresses in plain text clickable; split with a group yields them at odd places.
function withLinks(text) {
  return text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/).map((piece, i) =>
    i % 2 ? element("a", { href: piece, textContent: piece, target: "_blank", rel: "noopener noreferrer" }) : piece);
}

function choose(part) {
  for (const each of parts) {
    const tab = byId("tab-" + each);
    tab.setAttribute("aria-selected", String(each === part));
    tab.tabIndex = each === part ? 0 : -1;
    byId("panel-" + each).hidden = each !== part;
  }
}

for (const part of parts) {
  byId("tab-" + part).addEventListener("click", () => choose(part));
  byId("tab-" + part).addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const there = parts.filter((each) => !byId("tab-" + each).hidden);
    const next = there[(there.indexOf(part) + step + there.length) % there.length];
    choose(next);
    byId("tab-" + next).focus();
  });
}
byId("search").addEventListener("input", drawList);
addEventListener("hashchange", open);
// A hidden tab asks less often by itself: browsers slow its timers down.
(async () => {
  for (;;) {
    await refresh();
    await new Promise((next) => setTimeout(next, 2000));
  }
})();

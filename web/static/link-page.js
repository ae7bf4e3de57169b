// What every page of a link does. Nothing is sent until somebody presses the
// button: mail scanners open links and run scripts, too (P-1).
import { isLongEnough, meaning, noAnswer, objection, requestOf, tokenIn } from './link-core.js';

const patience = 20_000; // ms until an answer is given up

const page = (id) => document.getElementById(id);
const form = page('form'), title = page('title'), password = page('password');
const show = page('show'), error = page('error'), trouble = page('trouble'), submit = page('submit');

let token = '', task, words;

/** Takes the token out of the address, where it could be read, copied and kept. */
function begin() {
  token = tokenIn(location.hash);
  history.replaceState(null, '', location.pathname);
  if (token === '') return end('missing');
  page('ending').hidden = true;
  form.reset();
  reveal(false);
  settle();
  title.textContent = words.title;
  document.title = `${words.title} · Roster`;
  form.hidden = false;
}

function end(name, moveFocus = false) {
  const { tone, title: how, text } = task.endings[name];
  token = '';
  form.hidden = true;
  form.reset();
  title.textContent = how;
  document.title = `${how} · Roster`;
  page('text').replaceChildren(...text.map((sentence) => {
    const p = document.createElement('p');
    p.textContent = sentence;
    return p;
  }));
  page('card').dataset.tone = tone;
  page('ending').hidden = false;
  if (moveFocus) title.focus();
}

/** Puts the form back to how it stands between two tries. */
function settle({ password: wrong = '', trouble: why = '' } = {}) {
  delete page('card').dataset.tone;
  busy(false);
  error.textContent = wrong;
  trouble.textContent = why;
  submit.textContent = why ? 'Try again' : words.button;
  password.removeAttribute('aria-invalid');
  if (wrong) {
    password.setAttribute('aria-invalid', 'true');
    password.focus();
  }
}

function busy(yes) {
  form.ariaBusy = String(yes);
  // Not disabled: that would take the focus away from whoever pressed it.
  submit.setAttribute('aria-disabled', String(yes));
  password.readOnly = yes;
  page('status').textContent = yes ? words.busy : '';
  if (yes) submit.textContent = words.busy;
}

function reveal(yes) {
  password.type = yes ? 'text' : 'password';
  show.setAttribute('aria-pressed', String(yes));
  show.firstChild.data = yes ? 'Hide' : 'Show';
}

async function send(event) {
  event.preventDefault();
  if (submit.getAttribute('aria-disabled') === 'true') return;
  const wrong = objection(password.value);
  if (wrong) return settle({ password: wrong });
  const asked = token;
  settle();
  busy(true);
  const outcome = await ask(asked, password.value);
  if (asked !== token) return; // another link was opened meanwhile
  if (outcome.ending) return end(outcome.ending, true);
  settle(outcome);
}

async function ask(asked, secret) {
  let response;
  try {
    response = await fetch('/graphql', { ...requestOf(task, asked, secret), signal: AbortSignal.timeout(patience) });
    return meaning(task, response.status, await response.json());
  } catch {
    return response && !response.ok ? meaning(task, response.status, undefined) : { trouble: noAnswer };
  }
}

/**
 * Makes the page work.
 *
 * @param {import('./link-core.js').Task} what
 * @param {{title: string, button: string, busy: string}} said
 */
export function run(what, said) {
  [task, words] = [what, said];
  form.addEventListener('submit', send);
  show.addEventListener('click', () => reveal(password.type === 'password'));
  password.addEventListener('input', () => page('long').toggleAttribute('data-met', isLongEnough(password.value)));
  form.addEventListener('reset', () => page('long').removeAttribute('data-met'));
  // Another mail's link, opened in this tab, changes nothing but the fragment.
  window.addEventListener('hashchange', () => { if (location.hash) begin(); });
  begin();
}

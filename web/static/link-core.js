// What the pages of links know, without a browser: how a link's token is found,
// what is asked of the API, and what its answers mean. What one of them asks for
// and how it can end is in its own file; link-page.js is the part that touches
// the page.

/** The token in location.hash, "#TOKEN" or "#token=TOKEN"; "" where there is none. */
export function tokenIn(hash) {
  const text = hash.replace(/^#/, '').replace(/^token=/, '');
  try {
    return decodeURIComponent(text).trim();
  } catch {
    return text; // cut off within a %-sequence: the server says that it does not work
  }
}

/** Whether a password has the length that the server asks for; it counts bytes. */
export function isLongEnough(password) {
  return new TextEncoder().encode(password).length >= 12;
}

/** What is wrong with a password before anybody is asked, as a sentence; "" if nothing. */
export function objection(password) {
  if (password === '') return 'Type a password.';
  if (!isLongEnough(password)) return 'Use at least 12 characters; three or four unrelated words are easy to remember.';
  return '';
}

/**
 * A page of links: which mutation takes the token and the password, which ending
 * it has when all went well, and which for each code of a link that did not work.
 *
 * @typedef {{mutation: string, done: string, codes: Object<string, string>,
 *   endings: Object<string, {tone: string, title: string, text: string[]}>}} Task
 */

/**
 * The second argument of fetch. No cookie goes along, and none is needed: the
 * link alone decides, whoever else may be signed in at this browser (MS-14).
 */
export function requestOf({ mutation }, token, password) {
  const type = `${mutation[0].toUpperCase()}${mutation.slice(1)}Input`;
  const query = `mutation($input: ${type}!) {
  ${mutation}(input: $input) { userErrors { code message field } }
}`;
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json, application/json' },
    body: JSON.stringify({ query, variables: { input: { token, password } } }),
    credentials: 'omit',
    cache: 'no-store',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
  };
}

/**
 * What an answer means: { ending } with a name out of the task's endings, { password } with
 * what is wrong with the password, or { trouble } with why nothing was decided;
 * after either of these the form can be sent again.
 *
 * @param {Task} task
 * @param {number} status the HTTP status
 * @param {unknown} body the decoded JSON, or undefined where it was none
 */
export function meaning(task, status, body) {
  const errors = body?.data?.[task.mutation]?.userErrors;
  if (Array.isArray(errors)) return meaningOf(task, errors);
  const { code, retryAfter, requestId } = body?.errors?.[0]?.extensions ?? {};
  if (status === 429 || code === 'RATE_LIMITED') return { trouble: `There were too many tries. Wait ${wait(retryAfter)} and press the button again.` };
  const reference = requestId ? ` If it goes on, tell us this number: ${requestId}` : '';
  return { trouble: `Something went wrong on our side, and nothing has changed. Your link still works: try again in a moment.${reference}` };
}

function meaningOf({ done, codes }, errors) {
  if (errors.length === 0) return { ending: done };
  for (const { code } of errors) {
    if (codes[code]) return { ending: codes[code] };
  }
  const own = errors.find(({ field }) => field?.at(-1) === 'password');
  if (own) return { password: own.message };
  return { trouble: errors.map(({ message }) => message).join(' ') };
}

function wait(seconds) {
  if (!(seconds > 0)) return 'a moment';
  if (seconds === 1) return 'a second';
  if (seconds < 120) return `${Math.ceil(seconds)} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

/** What is said when no answer came at all. */
export const noAnswer = 'We could not reach the server. Check your connection and try again; your link still works.';

// What the page "Verify your email" knows, without a browser: how the link's
// token is found, what is asked of the API, and what its answers mean.
// verify.js is the part that touches the page.

const mutation = `mutation ContactVerify($input: ContactVerifyInput!) {
  contactVerify(input: $input) { userErrors { code message field } }
}`;

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
 * The second argument of fetch. No cookie goes along, and none is needed: the
 * link alone decides, whoever else may be signed in at this browser (MS-14).
 */
export function requestOf(token, password) {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json, application/json' },
    body: JSON.stringify({ query: mutation, variables: { input: { token, password } } }),
    credentials: 'omit',
    cache: 'no-store',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
  };
}

/** How the page can end: nothing more to do here. */
export const endings = {
  verified: {
    tone: 'good',
    title: 'Your email is verified',
    text: ['You can sign in now, with this address and the password you just gave.', 'You may close this page.'],
  },
  already: {
    tone: 'good',
    title: 'Your email is already verified',
    text: ['There is nothing left to do. Sign in with this address and your password.'],
  },
  expired: {
    tone: 'warn',
    title: 'This link has expired',
    text: ['Ask whoever added you to send the mail again.', 'If you signed up yourself, sign up once more with the same address; the next mail has a fresh link.'],
  },
  superseded: {
    tone: 'warn',
    title: 'A newer mail has replaced this link',
    text: ['Look for the newest mail from us and use the link in it. Older ones no longer work.'],
  },
  invalid: {
    tone: 'bad',
    title: 'This link does not work',
    text: ['Some mail programs cut long links in two. Copy the whole link from the mail into the address bar.', 'If it still does not work, ask for a new mail.'],
  },
  missing: {
    tone: 'warn',
    title: 'Open the link in your mail',
    text: ['This page works only with the link that we mailed to you.', 'If you have reloaded the page, open the link once more: for your safety, the page does not keep it.'],
  },
};

const linkCodes = { ALREADY_VERIFIED: 'already', LINK_EXPIRED: 'expired', LINK_SUPERSEDED: 'superseded', LINK_INVALID: 'invalid' };

/**
 * What an answer means: { ending } with a name out of endings, { password } with
 * what is wrong with the password, or { trouble } with why nothing was decided;
 * after either of these the form can be sent again.
 *
 * @param {number} status the HTTP status
 * @param {unknown} body the decoded JSON, or undefined where it was none
 */
export function meaning(status, body) {
  const errors = body?.data?.contactVerify?.userErrors;
  if (Array.isArray(errors)) return meaningOf(errors);
  const { code, retryAfter, requestId } = body?.errors?.[0]?.extensions ?? {};
  if (status === 429 || code === 'RATE_LIMITED') return { trouble: `There were too many tries. Wait ${wait(retryAfter)} and press the button again.` };
  const reference = requestId ? ` If it goes on, tell us this number: ${requestId}` : '';
  return { trouble: `Something went wrong on our side, and nothing has changed. Your link still works: try again in a moment.${reference}` };
}

function meaningOf(errors) {
  if (errors.length === 0) return { ending: 'verified' };
  for (const { code } of errors) {
    if (linkCodes[code]) return { ending: linkCodes[code] };
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

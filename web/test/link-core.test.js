import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { isLongEnough, meaning, objection, requestOf, tokenIn } from '../static/link-core.js';
import { task as reset } from '../static/reset-core.js';
import { task as verify } from '../static/verify-core.js';

const answerOf = ({ mutation }, ...userErrors) => ({ data: { [mutation]: { userErrors } } });
const answer = (...userErrors) => answerOf(verify, ...userErrors);
const refused = (extensions) => ({ errors: [{ message: 'no', extensions }] });

test('the token comes out of the fragment', () => {
  for (const [hash, token] of [
    ['', ''], ['#', ''], ['#token=', ''], ['#%20', ''],
    ['#AQFr-_0', 'AQFr-_0'], ['#token=AQFr-_0', 'AQFr-_0'],
    ['#AQFr%2D', 'AQFr-'], ['#AQFr%', 'AQFr%'], ['#a#b', 'a#b'],
  ]) assert.equal(tokenIn(hash), token, hash);
});

test('a password is judged by its bytes, as the server does', () => {
  assert.equal(objection(''), 'Type a password.');
  assert.match(objection('elevenchars'), /at least 12/);
  assert.equal(objection('twelve chars'), '');
  assert.ok(isLongEnough('пароль'), 'six letters of two bytes');
  assert.equal(objection('x'.repeat(5000)), '', 'what is too long, the server says');
});

test('the request is a JSON POST without cookies, and the token is only in its body', () => {
  const request = requestOf(verify, 'T0KEN', 'correct horse "battery"');
  assert.equal(request.method, 'POST');
  assert.equal(request.credentials, 'omit');
  assert.equal(request.headers['Content-Type'], 'application/json');
  const { query, variables } = JSON.parse(request.body);
  assert.deepEqual(variables, { input: { token: 'T0KEN', password: 'correct horse "battery"' } });
  assert.match(query, /contactVerify\(input: \$input\) \{ userErrors \{ code message field \} \}/);
  assert.ok(!query.includes('T0KEN'));
});

test('each page asks for its own mutation', () => {
  for (const [task, type] of [[verify, 'ContactVerifyInput'], [reset, 'PasswordResetInput']]) {
    const { query } = JSON.parse(requestOf(task, 'T0KEN', 'p').body);
    assert.ok(query.includes(`$input: ${type}!`) && query.includes(`${task.mutation}(input: $input)`), query);
  }
});

test('MS-14: the same is asked twice in the same words, and no cookie goes along', () => {
  assert.deepEqual(requestOf(reset, 'T0KEN', 'p'), requestOf(reset, 'T0KEN', 'p'));
  assert.equal(requestOf(reset, 'T0KEN', 'p').credentials, 'omit');
});

test('each state of a link has its ending', () => {
  const at = (code) => meaning(verify, 200, answer({ code, message: 'm', field: ['input', 'token'] }));
  assert.deepEqual(meaning(verify, 200, answer()), { ending: 'verified' });
  assert.deepEqual(at('ALREADY_VERIFIED'), { ending: 'already' });
  assert.deepEqual(at('LINK_EXPIRED'), { ending: 'expired' });
  assert.deepEqual(at('LINK_SUPERSEDED'), { ending: 'superseded' });
  assert.deepEqual(at('LINK_INVALID'), { ending: 'invalid' });
});

test('MS-12: so has each state of a link to set a password', () => {
  const at = (code) => meaning(reset, 200, answerOf(reset, { code, message: 'm', field: ['input', 'token'] }));
  assert.deepEqual(meaning(reset, 200, answerOf(reset)), { ending: 'set' });
  assert.deepEqual(at('LINK_EXPIRED'), { ending: 'expired' });
  assert.deepEqual(at('LINK_SUPERSEDED'), { ending: 'superseded' });
  assert.deepEqual(at('LINK_INVALID'), { ending: 'invalid' });
  const weak = { code: 'PASSWORD_TOO_WEAK', message: 'Easy to guess.', field: ['input', 'password'] };
  assert.deepEqual(meaning(reset, 200, answerOf(reset, weak)), { password: 'Easy to guess.' });
  assert.match(meaning(reset, 200, answer()).trouble, /Your link still works/, 'the answer to something else is none');
});

test('every ending has words and a tone, and every code an ending', () => {
  for (const { endings, codes, done } of [verify, reset]) {
    for (const [name, { tone, title, text }] of Object.entries(endings)) {
      assert.ok(['good', 'warn', 'bad'].includes(tone) && title && text.length > 0, name);
    }
    for (const name of [done, 'missing', ...Object.values(codes)]) assert.ok(endings[name], name);
  }
});

test('a password that is refused is said at the field, in the words of the server', () => {
  const weak = { code: 'PASSWORD_TOO_WEAK', message: 'Easy to guess.', field: ['input', 'password'] };
  assert.deepEqual(meaning(verify, 200, answer(weak)), { password: 'Easy to guess.' });
  const dead = { code: 'LINK_EXPIRED', message: 'Old.', field: ['input', 'token'] };
  assert.deepEqual(meaning(verify, 200, answer(weak, dead)), { ending: 'expired' }, 'a dead link comes first');
});

test('whatever decides nothing can be tried again', () => {
  assert.match(meaning(verify, 429, refused({ code: 'RATE_LIMITED', retryAfter: 7 })).trouble, /Wait 7 seconds/);
  assert.match(meaning(verify, 200, refused({ code: 'RATE_LIMITED', retryAfter: 1 })).trouble, /Wait a second/);
  assert.match(meaning(verify, 429, undefined).trouble, /Wait a moment/);
  assert.match(meaning(verify, 429, refused({ code: 'RATE_LIMITED', retryAfter: 600 })).trouble, /Wait 10 minutes/);
  assert.match(meaning(verify, 500, refused({ code: 'INTERNAL', requestId: 'ABC' })).trouble, /number: ABC/);
  for (const body of [undefined, null, 7, 'x', [], {}, { data: null }, { data: { contactVerify: null } }, { errors: [] }, { errors: 'x' }]) {
    assert.match(meaning(verify, 200, body).trouble, /Your link still works/);
  }
  const odd = { code: 'SOMETHING_NEW', message: 'Come back tomorrow.', field: null };
  assert.deepEqual(meaning(verify, 200, answer(odd)), { trouble: 'Come back tomorrow.' });
});

// The server's policy forbids both; a browser would just leave them out.
test('no page has a style, a script or a handler within it, or loads from elsewhere', () => {
  for (const name of ['verify.html', 'reset.html', 'index.html']) {
    const html = readFileSync(new URL(`../static/${name}`, import.meta.url), 'utf8');
    assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:/i, name);
    assert.doesNotMatch(html, /(?:src|href)="(?!\/)/, name);
  }
  const css = readFileSync(new URL('../static/style.css', import.meta.url), 'utf8');
  assert.doesNotMatch(css, /url\(|@import/);
});

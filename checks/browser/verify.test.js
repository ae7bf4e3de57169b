// The pages "Verify your email" and "Set a new password" in a real browser, with
// links from real mails.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { startProgram } from './program.js'

const password = 'violet-harbour-92-lantern'
const signUp = `mutation($email: String!) {
  accountSignUp(input: { accountName: "Browser Example", displayName: "Primary Contact", email: $email }) { userErrors { code message } }
}`
const signIn = `mutation($email: String!, $password: String!) {
  sessionCreate(input: { email: $email, password: $password }) { userErrors { code } viewer { contacts { emailVerification { status } } } }
}`

let program, browser

before(async () => {
  program = await startProgram()
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
  assert.ok(executablePath, 'no Chromium is installed')
  browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
})

after(async () => {
  await browser?.close()
  await program?.stop()
})

async function linkFor(email) {
  const answer = await program.graphql(signUp, { email })
  assert.deepEqual(answer.data.accountSignUp.userErrors, [])
  return program.link(email)
}

async function canSignIn(email) {
  const { data } = await program.graphql(signIn, { email, password })
  return data.sessionCreate.userErrors.length === 0
}

/** Opens a link in a fresh browser window and fails on anything the page complains of. */
async function open(link, options = {}) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  await page.goto(link)
  return { page, complaints, close: () => context.close() }
}

test('P-1: a scanner that opens the link and runs its scripts changes nothing', async () => {
  const email = 'scanner@browser.example'
  const link = await linkFor(email)
  for (let i = 0; i < 50; i++) {
    await fetch(link, { method: i % 2 ? 'HEAD' : 'GET' })
  }
  const { page, complaints, close } = await open(link)
  const requests = []
  page.on('request', (request) => requests.push(request.method()))
  await page.waitForTimeout(10_000)
  assert.deepEqual(requests.filter((method) => method !== 'GET'), [], 'the page sent something by itself')
  // Even one that presses the button has no password.
  await page.getByRole('button', { name: /verify my email/i }).click()
  await page.waitForTimeout(300)
  assert.deepEqual(complaints, [])
  await close()
  assert.equal(await canSignIn(email), false)

  const person = await open(link)
  await person.page.getByLabel('Password', { exact: true }).fill(password)
  await person.page.getByRole('button', { name: /verify my email/i }).click()
  await person.page.getByRole('heading', { name: 'Your email is verified' }).waitFor()
  await person.close()
  assert.equal(await canSignIn(email), true)
})

test('MI-18, P-1: the second click says already verified; the token leaves the address bar', async () => {
  const email = 'twice@browser.example'
  const link = await linkFor(email)
  for (const heading of ['Your email is verified', 'Your email is already verified']) {
    const { page, complaints, close } = await open(link)
    assert.equal(new URL(page.url()).hash, '', 'the token stays in the address bar')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: heading }).waitFor()
    assert.deepEqual(complaints, [])
    await close()
  }
})

test('a weak password is refused beside its field, and the link still works', async () => {
  const email = 'weak@browser.example'
  const { page, close } = await open(await linkFor(email), { viewport: { width: 320, height: 640 } })
  const field = page.getByLabel('Password', { exact: true })
  await field.fill('weak@browser.example')
  await page.keyboard.press('Enter')
  await page.locator('#password[aria-invalid=true]').waitFor()
  const width = await page.evaluate(() => document.documentElement.scrollWidth)
  assert.ok(width <= 320, `the page is ${width} px wide on a phone of 320`)
  await field.fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Your email is verified' }).waitFor()
  await close()
})

test('a link that was changed, and none at all, say what to do', async () => {
  const link = await linkFor('changed@browser.example')
  const changed = await open(link.slice(0, -3) + (link.endsWith('AAA') ? 'BBB' : 'AAA'))
  await changed.page.getByLabel('Password', { exact: true }).fill(password)
  await changed.page.keyboard.press('Enter')
  await changed.page.getByRole('heading', { name: 'This link does not work' }).waitFor()
  await changed.close()
  const none = await open(`${program.url}/verify`)
  await none.page.getByRole('heading', { name: 'Open the link in your mail' }).waitFor()
  await none.close()
})

test('MS-12, MS-14: the link of a mail sets a new password, once, and needs no cookie', async () => {
  const email = 'forgetful@browser.example'
  const { page: first, close: done } = await open(await linkFor(email))
  await first.getByLabel('Password', { exact: true }).fill('walnut-harbour-seventeen-ladders')
  await first.keyboard.press('Enter')
  await first.getByRole('heading', { name: 'Your email is verified' }).waitFor()
  await done()
  await program.graphql('mutation($email: String!) { passwordResetRequest(input: { email: $email }) { userErrors { code } } }', { email })
  const link = await program.link(email, 'reset')
  for (const heading of ['Your new password is set', 'This link no longer works']) {
    const { page, complaints, close } = await open(link)
    const cookies = []
    page.on('request', async (request) => cookies.push((await request.allHeaders()).cookie))
    await page.getByRole('heading', { name: 'Set a new password' }).waitFor()
    assert.equal(new URL(page.url()).hash, '', 'the token stays in the address bar')
    await page.getByLabel('New password', { exact: true }).fill('forgetful')
    await page.keyboard.press('Enter')
    await page.locator('#password[aria-invalid=true]').waitFor()
    await page.getByLabel('New password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Set my password' }).click()
    await page.getByRole('heading', { name: heading }).waitFor()
    assert.deepEqual(complaints, [])
    assert.deepEqual(cookies.filter(Boolean), [])
    await close()
  }
  assert.equal(await canSignIn(email), true)
  const none = await open(`${program.url}/reset`)
  await none.page.getByRole('heading', { name: 'Open the link in your mail' }).waitFor()
  await none.close()
})

test('the mailbox shows a caught mail', async () => {
  await linkFor('shown@browser.example')
  const { page, complaints, close } = await open(program.mailbox)
  await page.getByText('shown@browser.example').first().waitFor()
  assert.deepEqual(complaints, [])
  await close()
})

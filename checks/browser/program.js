// Starts the program for a test in the browser, on free ports and a state
// folder of its own, and ends it afterwards.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A port that nobody listens on. */
async function freePort() {
  const server = createServer()
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address()
  await new Promise((closed) => server.close(closed))
  return port
}

/** Starts `roster dev` from the binary named by ROSTER_BIN and waits until it is ready. */
export async function startProgram() {
  const binary = process.env.ROSTER_BIN
  if (!binary) throw new Error('set ROSTER_BIN to a built roster, as .ci/run does')
  const state = await mkdtemp(join(tmpdir(), 'roster-browser-'))
  const [api, page, smtp] = await Promise.all([freePort(), freePort(), freePort()])
  const at = (port) => `127.0.0.1:${port}`
  const child = spawn(binary, ['dev', '--state', state, '--http-addr', at(api), '--mailbox-addr', at(page), '--smtp-addr', at(smtp)])
  const output = []
  const ready = new Promise((resolve, reject) => {
    const read = (chunk) => {
      output.push(chunk.toString())
      if (output.join('').includes('Roster is ready')) resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('exit', (code) => reject(new Error(`the program ended with ${code}:\n${output.join('')}`)))
  })
  await ready
  const url = `http://${at(api)}`
  return {
    url,
    mailbox: `http://${at(page)}`,
    /** Sends a document and answers what came back. */
    async graphql(query, variables = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      })
      return response.json()
    },
    /** Waits for a mail to an address and answers the link to a page in it. */
    async link(to, name = 'verify') {
      for (let tries = 0; tries < 200; tries++) {
        const list = await (await fetch(`http://${at(page)}/messages.json?to=${encodeURIComponent(to)}`)).json()
        for (const { id } of list.messages ?? list) {
          const mail = await (await fetch(`http://${at(page)}/messages/${id}.json`)).json()
          const found = (mail.text ?? '').match(new RegExp(`https?://\\S+/${name}#[\\w-]+`))
          if (found) return found[0]
        }
        await new Promise((later) => setTimeout(later, 50))
      }
      throw new Error(`no mail with a link came to ${to}`)
    },
    async stop() {
      child.removeAllListeners('exit')
      const ended = new Promise((resolve) => child.on('exit', resolve))
      child.kill('SIGTERM')
      await ended
      await rm(state, { recursive: true, force: true })
    },
  }
}

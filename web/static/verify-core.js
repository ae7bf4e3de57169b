// What the page "Verify your email" asks for, and how it can end.

/** @type {import('./link-core.js').Task} */
export const task = {
  mutation: 'contactVerify',
  done: 'verified',
  codes: { ALREADY_VERIFIED: 'already', LINK_EXPIRED: 'expired', LINK_SUPERSEDED: 'superseded', LINK_INVALID: 'invalid' },
  endings: {
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
  },
};

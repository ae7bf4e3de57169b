// What the page "Set a new password" asks for, and how it can end.

/** @type {import('./link-core.js').Task} */
export const task = {
  mutation: 'passwordReset',
  done: 'set',
  codes: { LINK_EXPIRED: 'expired', LINK_SUPERSEDED: 'superseded', LINK_INVALID: 'invalid' },
  endings: {
    set: {
      tone: 'good',
      title: 'Your new password is set',
      text: ['You can sign in with it now. Wherever you were signed in before, you have been signed out.', 'You may close this page.'],
    },
    expired: {
      tone: 'warn',
      title: 'This link has expired',
      text: ['A link to set a new password is good for an hour. Ask for a new one where you sign in.'],
    },
    superseded: {
      tone: 'warn',
      title: 'This link no longer works',
      text: ['It was used already, or something newer has replaced it.', 'If you asked more than once, use the link in the newest mail. If you still cannot sign in, ask for a new one.'],
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

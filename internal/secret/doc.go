// Package secret answers "is this who it claims to be?": it hashes passwords, makes and recognises sessions and
// API tokens, and signs and proves the links that mails carry.
//
// Nothing here is stored, logged or read from the environment. What the database keeps of a secret is its hash, and
// what it keeps of a link is nothing at all, so a stolen dump opens no door.
package secret

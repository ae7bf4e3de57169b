// Package roster holds what is true about accounts, their contacts and who may
// do what: types, rules as methods, the policy and the words for refusals. It
// reads no clock and does no I/O, so every rule can be tried in a table test.
package roster

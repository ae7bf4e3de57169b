// Package live answers "what must be known at once, by every process?": how
// often somebody has asked already. It keeps that in Redis and nowhere else;
// with an empty Redis, or none, the program still works.
package live

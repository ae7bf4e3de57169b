// Package local is what a machine with nothing but Go borrows to run and to test roster: a private
// PostgreSQL, a private Redis and a mailbox that catches every mail.
//
// It answers "on what does `roster dev` run when nobody set DATABASE_URL, REDIS_URL and SMTP_URL?".
// Everything lives below one state folder ([OpenDir]), listens on Unix sockets or on loopback only,
// needs no root and no daemon, and ends with the process that started it. Programs come from the
// machine if they are installed, else from Debian's packages or npm's, unpacked into a cache folder.
//
//	postgres*.go            the server, its data, and where its programs come from
//	redis*.go               the same for Redis, and the stand-in within this process
//	debian.go, npm.go       the two roads by which programs are fetched; cache.go keeps them
//	process*.go, way*.go    children that die with us, under an identity PostgreSQL accepts
//	leftover*.go            what an earlier process that was killed left running
//	mailbox*.go, page/      the SMTP catcher and its page
package local

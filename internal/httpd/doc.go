// Package httpd answers "who is at the door?": it takes every request first,
// turns away what is not meant for this program or comes too often, finds out
// by cookie or token who is calling, and hands the rest to the API or answers
// with a page. It knows nothing of GraphQL but the shape of an error.
//
//	handler.go               the routes and what stands in front of all of them
//	visit.go                 one request: its id, its log line, its panic
//	site.go, headers.go      under which address we answer, and with which headers
//	graphql.go, body.go      what has to hold before the API sees a request
//	caller.go, credential.go cookie or token to Actor
//	cookies.go               the session's cookie
//	client.go                the address of the client, and its limit
//	refusal.go               every "no" in one shape
//	pages.go, health.go      files and probes
//	serve.go                 the listener and the server's timeouts
package httpd

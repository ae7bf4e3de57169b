package httpd

import (
	"net/http"
	"strings"

	"roster/internal/roster"
)

// credential is what a request shows to say who sends it; both are empty for
// somebody anonymous.
type credential struct {
	session string // the cookie's value, as it came
	token   string
}

// challenge tells a script what it may show.
const challenge = "Bearer"

// credentialOf takes the one credential out of a request. It refuses two at
// once: which of them counts would be anybody's guess.
func credentialOf(r *http.Request, name string) (credential, *refusal) {
	headers, cookies := r.Header.Values("Authorization"), r.CookiesNamed(name)
	switch {
	case len(headers) > 1:
		return credential{}, malformed("Send one Authorization header, not several.")
	case len(headers) == 1 && len(cookies) > 0:
		return credential{}, malformed("Send either the session's cookie or an Authorization header, not both.")
	case len(cookies) > 0:
		// Only over plain http can there be several; the first has the longest path.
		return credential{session: cookies[0].Value}, nil
	case len(headers) == 0:
		return credential{}, nil
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return credential{}, &refusal{Status: http.StatusUnauthorized, Code: roster.Unauthenticated, Challenge: challenge,
			Message: "The Authorization header must be: Bearer, a space and an API token."}
	}
	if token = strings.TrimSpace(token); token == "" || strings.ContainsAny(token, " \t,") {
		return credential{}, malformed("The Authorization header must be: Bearer, a space and an API token.")
	}
	return credential{token: token}, nil
}

func malformed(message string) *refusal {
	return &refusal{Status: http.StatusBadRequest, Code: roster.BadUserInput, Message: message}
}

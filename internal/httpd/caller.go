package httpd

import (
	"context"
	"errors"
	"net/http"
	"time"

	"roster/internal/roster"
	"roster/internal/secret"
)

// caller finds out who sends a request, now: nothing is remembered from an
// earlier one (MI-24). Nobody is the zero Actor with the request's id and
// address.
func (a *api) caller(r *http.Request) (roster.Actor, *refusal) {
	v := visitOf(r.Context())
	var who roster.Actor
	shown, no := credentialOf(r, a.cookie.name)
	switch {
	case no != nil:
	case shown.token != "":
		who, no = a.ofToken(r.Context(), shown.token)
	case shown.session != "":
		who, no = a.ofSession(r.Context(), shown.session)
	}
	who.RequestID = v.id
	if v.client.IsValid() {
		who.IP = v.client.String()
	}
	return who, no
}

// ofToken answers alike for every token that is not good now: unknown, mistyped,
// expired, revoked, of somebody who is gone.
func (a *api) ofToken(ctx context.Context, token string) (roster.Actor, *refusal) {
	var who roster.Actor
	if hash, ok := secret.HashAPIToken(token); ok {
		var err error
		if who, err = a.Store.ActorOfToken(ctx, hash); err != nil {
			return roster.Actor{}, a.noAnswer(ctx, err)
		}
	}
	if who.Token.ID.IsZero() {
		return roster.Actor{}, &refusal{Status: http.StatusUnauthorized, Code: roster.Unauthenticated,
			Challenge: challenge + ` error="invalid_token"`, Message: "This API token is not valid."}
	}
	return who, nil
}

// ofSession treats a session that has ended as none, and takes the cookie back:
// otherwise the next sign-in would be refused for the last one's sake.
func (a *api) ofSession(ctx context.Context, value string) (roster.Actor, *refusal) {
	var who roster.Actor
	if hash, ok := secret.HashSession(value); ok {
		var err error
		if who, err = a.Store.ActorOfSession(ctx, hash); err != nil {
			return roster.Actor{}, a.noAnswer(ctx, err)
		}
	}
	if who.Session.IsZero() {
		Cookies{}.ClearSession(ctx)
		return roster.Actor{}, nil
	}
	return who, nil
}

// noAnswer is for a database that is away: the caller is neither let in nor
// turned into nobody.
func (a *api) noAnswer(ctx context.Context, err error) *refusal {
	if !errors.Is(err, context.Canceled) {
		a.Log.Error("find out who is calling", "requestId", visitOf(ctx).id, "error", err)
	}
	return &refusal{Status: http.StatusServiceUnavailable, Code: unavailable, RetryAfter: 2 * time.Second,
		Message: "We cannot tell who you are at the moment. Try again in a few seconds."}
}

package roster

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code is what a program reads in a Problem; the texts may change, codes do not.
type Code string

// The codes that this program answers with; the API calls them UserErrorCode.
const (
	Required                 Code = "REQUIRED"
	Invalid                  Code = "INVALID"
	TooLong                  Code = "TOO_LONG"
	InvalidEmail             Code = "INVALID_EMAIL"
	NotFound                 Code = "NOT_FOUND"
	EmailTaken               Code = "EMAIL_TAKEN"
	ContactLimitReached      Code = "CONTACT_LIMIT_REACHED"
	NotVerified              Code = "NOT_VERIFIED"
	AlreadyVerified          Code = "ALREADY_VERIFIED"
	LinkInvalid              Code = "LINK_INVALID"
	LinkExpired              Code = "LINK_EXPIRED"
	LinkSuperseded           Code = "LINK_SUPERSEDED"
	InvalidCredentials       Code = "INVALID_CREDENTIALS"
	PasswordTooWeak          Code = "PASSWORD_TOO_WEAK"
	TooManyAttempts          Code = "TOO_MANY_ATTEMPTS"
	RoleHeld                 Code = "ROLE_HELD"
	PrimaryRequired          Code = "PRIMARY_REQUIRED"
	SelfRemoval              Code = "SELF_REMOVAL"
	SelfGrant                Code = "SELF_GRANT"
	SupportContactRequired   Code = "SUPPORT_CONTACT_REQUIRED"
	AccountNotPartnerCreated Code = "ACCOUNT_NOT_PARTNER_CREATED"
	PermissionAboveCeiling   Code = "PERMISSION_ABOVE_CEILING"
	PermissionAboveOwn       Code = "PERMISSION_ABOVE_OWN"
	ContactAboveOwn          Code = "CONTACT_ABOVE_OWN"
	StaleVersion             Code = "STALE_VERSION"
)

// Problem is a refusal that the caller can mend: what is wrong, where in the
// input, and what to do about it.
type Problem struct {
	Code    Code
	Message string
	// Field is the path from the argument's name, list indexes included:
	// {"input", "supportContacts", "2", "email"}.
	Field []string
	// Limit and Used say how many there may be and are, where a limit refused.
	Limit, Used *int
	// Roles are the roles that stand in the way.
	Roles []ContactRole
	// Permissions are the permissions that the refusal is about.
	Permissions []Permission
	// ConflictingNode is the id of the object that is already there.
	ConflictingNode string
	// RetryAt is when the same call may succeed.
	RetryAt *time.Time
}

// Error words the problem for a log or a terminal.
func (p Problem) Error() string { return fmt.Sprintf("%s: %s", p.Code, p.Message) }

// Problems are all the refusals of one call, since a form shows them at once.
type Problems []Problem

// Error joins the refusals.
func (ps Problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "; ")
}

// Add appends the problem at the path below "input", unless there is none.
func (ps *Problems) Add(p *Problem, path ...string) {
	if p != nil {
		*ps = append(*ps, p.At(path...))
	}
}

// OrNil is the problems as an error, or nil where there are none.
func (ps Problems) OrNil() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// At says which part of the input the problem is about.
func (p Problem) At(path ...string) Problem {
	p.Field = append([]string{"input"}, path...)
	return p
}

// AsProblems finds the problems in an error, or nil where it is something else.
func AsProblems(err error) Problems {
	var many Problems
	if errors.As(err, &many) {
		return many
	}
	var one Problem
	if errors.As(err, &one) {
		return Problems{one}
	}
	return nil
}

// Nothing answers for every id that is unknown, foreign or malformed; the
// three cannot be told apart.
func Nothing(path ...string) Problem {
	return Problem{Code: NotFound, Message: "There is nothing with this id that you may see."}.At(path...)
}

// Denial is a refusal that no other input mends: the caller lacks the right.
type Denial struct {
	Code     DenialCode
	Message  string
	Required []Permission
	// RetryAfter is how long to wait, for RATE_LIMITED.
	RetryAfter time.Duration
}

// DenialCode is the extensions.code of a top-level error.
type DenialCode string

// The codes of denials.
const (
	Unauthenticated   DenialCode = "UNAUTHENTICATED"
	Forbidden         DenialCode = "FORBIDDEN"
	InsufficientScope DenialCode = "INSUFFICIENT_SCOPE"
	RateLimited       DenialCode = "RATE_LIMITED"
	BadUserInput      DenialCode = "BAD_USER_INPUT"
)

// Error words the denial.
func (d Denial) Error() string { return d.Message }

package roster

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func before(d time.Duration) *time.Time { t := noon.Add(-d); return &t }
func after(d time.Duration) *time.Time  { t := noon.Add(d); return &t }

func TestMI19_WhatIsShownBesideAnAddress(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		is   Invitation
		want EmailVerification
	}{
		"MI-16 added, nothing sent":        {Invitation{}, EmailVerification{Status: Unverified}},
		"queued: a link, but nothing sent": {Invitation{Generation: 1, LinkExpiresAt: after(time.Hour)}, EmailVerification{Status: Unverified, ExpiresAt: after(time.Hour)}},
		"sent": {Invitation{Generation: 1, LinkSentAt: before(time.Hour), LinkExpiresAt: after(time.Hour)},
			EmailVerification{Status: LinkSent, SentAt: before(time.Hour), ExpiresAt: after(time.Hour)}},
		"expired this very moment": {Invitation{Generation: 1, LinkSentAt: before(time.Hour), LinkExpiresAt: after(0)},
			EmailVerification{Status: Expired, SentAt: before(time.Hour), ExpiresAt: after(0)}},
		"verified, and the end is no longer of interest": {Invitation{Generation: 1, LinkSentAt: before(2 * time.Hour), LinkExpiresAt: before(time.Hour), VerifiedAt: before(90 * time.Minute)},
			EmailVerification{Status: Verified, SentAt: before(2 * time.Hour), VerifiedAt: before(90 * time.Minute)}},
	} {
		got := one.is.Verification(noon)
		if got.Status != one.want.Status || !same(got.SentAt, one.want.SentAt) || !same(got.ExpiresAt, one.want.ExpiresAt) || !same(got.VerifiedAt, one.want.VerifiedAt) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func same(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

func TestMI18_P1_P2_WhichLinksWork(t *testing.T) {
	t.Parallel()
	verified := Invitation{Generation: 2, VerifiedAt: before(time.Hour)}
	for name, one := range map[string]struct {
		is         Invitation
		generation int32
		expires    *time.Time
		want       Code
	}{
		"the newest":                          {Invitation{Generation: 2}, 2, after(time.Second), ""},
		"P-2 an older one":                    {Invitation{Generation: 2}, 1, after(time.Hour), LinkSuperseded},
		"P-2 superseded before it is expired": {Invitation{Generation: 2}, 1, before(time.Hour), LinkSuperseded},
		"MI-18 a week is over, to the moment": {Invitation{Generation: 2}, 2, after(0), LinkExpired},
		"one that was never made":             {Invitation{Generation: 2}, 3, after(time.Hour), LinkInvalid},
		"P-1 a second click":                  {verified, 2, after(time.Hour), AlreadyVerified},
		"P-1 a second click, too late":        {verified, 2, before(time.Hour), AlreadyVerified},
		"P-1 a click on the older one":        {verified, 1, before(time.Hour), AlreadyVerified},
	} {
		problem := one.is.Accepts(one.generation, *one.expires, noon)
		if one.want == "" && problem != nil || one.want != "" && (problem == nil || problem.Code != one.want) {
			t.Errorf("%s: %v", name, problem)
		}
	}
}

func TestMS12_WhichLinksSetAPassword(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		is         Invitation
		generation int32
		expires    *time.Time
		want       Code
	}{
		"the newest":                     {Invitation{Generation: 2}, 2, after(time.Second), ""},
		"an older one":                   {Invitation{Generation: 2}, 1, after(time.Hour), LinkSuperseded},
		"an hour is over, to the moment": {Invitation{Generation: 2}, 2, after(0), LinkExpired},
		"one that was never made":        {Invitation{Generation: 2}, 3, after(time.Hour), LinkInvalid},
		"used":                           {Invitation{Generation: 3, VerifiedAt: before(time.Minute)}, 2, after(time.Hour), LinkSuperseded},
		"used, and opened again":         {Invitation{Generation: 3}, 2, after(time.Hour), LinkSuperseded},
		"used, whatever is counted":      {Invitation{Generation: 2, VerifiedAt: before(time.Minute)}, 2, after(time.Hour), LinkSuperseded},
	} {
		problem := one.is.AcceptsReset(one.generation, *one.expires, noon)
		if one.want == "" && problem != nil || one.want != "" && (problem == nil || problem.Code != one.want) {
			t.Errorf("%s: %v", name, problem)
		}
	}
}

func TestMI17_T15_HowManyMailsMayBeSent(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		sent  MailsSent
		retry *time.Time // nil where one more may go
	}{
		"fewer than any limit":             {MailsSent{}, nil},
		"60 seconds apart":                 {MailsSent{ContactLast: before(60 * time.Second)}, nil},
		"59 seconds are too soon":          {MailsSent{ContactLast: before(59 * time.Second)}, after(time.Second)},
		"not the sixth to a contact":       {MailsSent{ContactLast: before(time.Hour), ContactDay: before(5 * time.Hour)}, after(19 * time.Hour)},
		"a day after the first of five":    {MailsSent{ContactDay: before(24 * time.Hour)}, nil},
		"not the 51st of an account":       {MailsSent{AccountDay: before(23 * time.Hour)}, after(time.Hour)},
		"not the fourth to one mailbox":    {MailsSent{MailboxHour: before(50 * time.Minute)}, after(10 * time.Minute)},
		"not the eleventh to one mailbox":  {MailsSent{MailboxDay: before(20 * time.Hour)}, after(4 * time.Hour)},
		"an hour and a day: the later":     {MailsSent{MailboxHour: before(50 * time.Minute), MailboxDay: before(20 * time.Hour)}, after(4 * time.Hour)},
		"too soon and too many: the later": {MailsSent{ContactLast: before(time.Second), ContactDay: before(time.Hour)}, after(23 * time.Hour)},
		"one that still waits counts":      {MailsSent{MailboxHour: after(30 * time.Minute)}, after(90 * time.Minute)},
	} {
		problem := one.sent.MayResend(noon)
		switch {
		case (problem == nil) != (one.retry == nil):
			t.Errorf("%s: %v", name, problem)
		case problem != nil && (problem.Code != TooManyAttempts || !same(problem.RetryAt, one.retry)):
			t.Errorf("%s: %s, again at %v", name, problem.Code, problem.RetryAt)
		}
	}
}

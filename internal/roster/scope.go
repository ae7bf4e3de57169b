package roster

// Reach is how much of a thing an actor sees in one account.
type Reach int

// The reaches, from least to most.
const (
	SeesNone Reach = iota
	SeesOwn
	SeesAll
)

// Scope is what one actor sees. The zero Scope sees nothing.
type Scope struct{ who Actor }

// Sees is what the actor sees.
func Sees(who Actor) Scope { return Scope{who: who} }

// Reach is how much of a thing the actor sees in an account that was read
// through this same scope.
func (s Scope) Reach(t Thing, account AccountID, partner PartnerID) Reach {
	rule, reach := reads()[t], SeesNone
	if s.who.IsStaff() && !rule.private {
		return SeesAll
	}
	if place, ok := s.who.In(account); ok {
		reach = rule.contactReach(place)
	}
	if s.seesPartner() && !partner.IsZero() && partner == s.who.Partner.Partner {
		reach = max(reach, rule.partner)
	}
	return reach
}

// Window is a Scope's answer for one thing, ready to become SQL.
type Window struct {
	Everything bool
	AllIn      []AccountID // sees all of it in these accounts
	OwnIn      []AccountID // sees what is Person's own in these
	Person     PersonID
	Partner    PartnerID // sees all of it in this partner's accounts; zero for none
	Self       bool      // sees Person's own wherever it is
}

// Window is where the actor sees the thing.
func (s Scope) Window(t Thing) Window {
	rule, w := reads()[t], Window{Person: s.who.Person}
	w.Everything = s.who.IsStaff() && !rule.private || rule.everybody && s.who.SignedIn()
	w.Self = rule.self
	for _, place := range s.who.Contacts {
		switch rule.contactReach(place) {
		case SeesAll:
			w.AllIn = append(w.AllIn, place.Account)
		case SeesOwn:
			w.OwnIn = append(w.OwnIn, place.Account)
		}
	}
	if s.seesPartner() && rule.partner == SeesAll {
		w.Partner = s.who.Partner.Partner
	}
	return w
}

// Actor is whose scope this is.
func (s Scope) Actor() Actor { return s.who }

// MasksRecipients tells whether addresses of deliveries are shown masked: to a
// token that may only read.
func (s Scope) MasksRecipients() bool { return s.who.IsToken() && !s.who.Token.Has(ScopeWrite) }

// SeesOwn tells whether the actor is a person who sees the thing of itself; a
// token is none.
func (s Scope) SeesOwn(t Thing) bool { return reads()[t].self && !s.who.Person.IsZero() }

// SeesPartner tells whether the actor sees a partner and its users.
func (s Scope) SeesPartner(id PartnerID) bool {
	return s.who.IsStaff() || s.seesPartner() && s.who.Partner.Partner == id
}

func (s Scope) seesPartner() bool {
	return s.who.IsPartner() && (!s.who.IsToken() || s.who.Token.Has(ScopeRead) || s.who.Token.Has(ScopeWrite))
}

func (r readRule) contactReach(place Standing) Reach {
	reach := r.contact
	if r.permission != "" && Effective(place).Has(r.permission) {
		reach = max(reach, r.byPerm)
	}
	for _, role := range r.roles {
		if RolesAre(place.Roles).Has(role) {
			reach = SeesAll
		}
	}
	if !place.Verified {
		return SeesNone
	}
	return reach
}

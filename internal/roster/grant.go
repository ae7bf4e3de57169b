package roster

// Grant holds who may replace a contact's explicit grants with what: nobody
// their own, nobody those of a contact that was given more (HB-27), and within
// what MayGrant says.
func (s *AccountState) Grant(c *Contact, want PermissionSet, by Actor) error {
	if c.PersonID == by.Person && !by.Person.IsZero() {
		return Problem{Code: SelfGrant, Message: "Nobody changes their own permissions. Another contact or the vendor can."}.At("permissions")
	}
	if err := s.MayEdit(c, by); err != nil {
		return err
	}
	return s.MayGrant(c.Granted, want, by).OrNil()
}

// MayGrant holds that nothing is granted above the account's ceiling, by anybody
// (HB-6), and nothing that a granter other than the vendor's staff does not
// effectively hold (HB-27). What had been granted before and stays is no grant.
func (s *AccountState) MayGrant(had, want PermissionSet, by Actor) (problems Problems) {
	added := want &^ had
	if above := added &^ s.Ceiling; above != 0 {
		problems.Add(&Problem{Code: PermissionAboveCeiling, Permissions: above.List(),
			Message: "The account itself does not have these permissions, so no contact of it gets them."}, "permissions")
	}
	place, _ := placeIn(by, s)
	if above := added & s.Ceiling &^ Effective(place).Set(); above != 0 && !by.IsStaff() {
		problems.Add(&Problem{Code: PermissionAboveOwn, Permissions: above.List(),
			Message: "You do not have these permissions yourself, so you cannot give them."}, "permissions")
	}
	return problems
}

// ContactPermissionsSetInput replaces the explicit grants of a contact (HB-5).
type ContactPermissionsSetInput struct {
	ContactID       string
	Permissions     []Permission
	ExpectedVersion *int
}

// AccountPermissionsSetInput sets an account's ceiling (HB-6).
type AccountPermissionsSetInput struct {
	AccountID       string
	Permissions     []Permission
	ExpectedVersion *int
}

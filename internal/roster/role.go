package roster

// ContactRole is one of the slots of an account that a single contact holds.
type ContactRole string

// The three roles. PRIMARY always has a holder (MI-3); the others may be vacant.
const (
	Primary   ContactRole = "PRIMARY"
	Billing   ContactRole = "BILLING"
	Technical ContactRole = "TECHNICAL"
)

// AllRoles lists the roles in the order in which they are shown.
func AllRoles() [3]ContactRole { return [3]ContactRole{Primary, Billing, Technical} }

// Bundle is what holding a role grants by itself.
func (r ContactRole) Bundle() PermissionSet {
	switch r {
	case Primary:
		return EveryPermission
	case Billing:
		return Permissions(ReceiveBillingNotifications, AcceptOrderContracts, EditCreditCard,
			ViewPayInvoices, ViewBalance, ViewAcceptEstimates, PlaceOrders, AddFunds)
	case Technical:
		return Permissions(OpenTickets, ReceiveSupportEmails, ViewTickets, CloseTickets)
	}
	return 0
}

// RoleAssignment says who holds a role of an account.
type RoleAssignment struct {
	Account AccountID
	Role    ContactRole
	Contact ContactID
}

// RolesAre are the roles a contact holds, in the order of AllRoles.
type RolesAre []ContactRole

// Has tells whether r is among them.
func (rs RolesAre) Has(r ContactRole) bool {
	for _, held := range rs {
		if held == r {
			return true
		}
	}
	return false
}

// AssignRole holds the rules of moving a role (MI-7, MI-22, MI-23): to a
// verified contact of the same account, one holder at a time. It answers the
// old holder, nil where there was none; a holder that stays is no change.
func (s *AccountState) AssignRole(role ContactRole, to *Contact) (old *Contact, changed bool, err error) {
	old = s.Holder(role)
	if old != nil && old.ID == to.ID {
		return old, false, nil
	}
	if !to.Verified() {
		return nil, false, Problem{Code: NotVerified,
			Message: "This contact has not verified the address yet. Send the verification mail first."}.At("contactId")
	}
	return old, true, nil
}

// ClearRole holds that BILLING and TECHNICAL may be vacant and PRIMARY never
// is (MI-7, P-5).
func (s *AccountState) ClearRole(role ContactRole) (old *Contact, err error) {
	if role == Primary {
		return nil, Problem{Code: PrimaryRequired,
			Message: "An account always has a primary contact. Give the role to another contact instead."}.At("role")
	}
	return s.Holder(role), nil
}

// Holder is the contact that holds the role, or nil.
func (s *AccountState) Holder(role ContactRole) *Contact {
	for i := range s.Contacts {
		if RolesAre(s.Contacts[i].Roles).Has(role) {
			return &s.Contacts[i]
		}
	}
	return nil
}

// AccountRoleAssignInput gives a role to a contact.
type AccountRoleAssignInput struct {
	ContactID       string
	Role            ContactRole
	ExpectedVersion *int
}

// AccountRoleClearInput takes a role from its holder.
type AccountRoleClearInput struct {
	AccountID       string
	Role            ContactRole
	ExpectedVersion *int
}

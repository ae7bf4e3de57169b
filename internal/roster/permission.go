package roster

import (
	"database/sql/driver"
	"fmt"
	"math/bits"
	"strings"
)

// Permission is one of the twenty fine rights (HB-7 to HB-26).
type Permission string

// The twenty, in the order of the requirements.
const (
	ReceiveBillingNotifications Permission = "RECEIVE_BILLING_NOTIFICATIONS"
	AcceptOrderContracts        Permission = "ACCEPT_ORDER_CONTRACTS"
	EditCreditCard              Permission = "EDIT_CREDIT_CARD"
	ViewPayInvoices             Permission = "VIEW_PAY_INVOICES"
	ViewBalance                 Permission = "VIEW_BALANCE"
	ViewAcceptEstimates         Permission = "VIEW_ACCEPT_ESTIMATES"
	PlaceOrders                 Permission = "PLACE_ORDERS"
	AddFunds                    Permission = "ADD_FUNDS"
	OpenTickets                 Permission = "OPEN_TICKETS"
	ReceiveSupportEmails        Permission = "RECEIVE_SUPPORT_EMAILS"
	ViewTickets                 Permission = "VIEW_TICKETS"
	CloseTickets                Permission = "CLOSE_TICKETS"
	ModifyMainProfile           Permission = "MODIFY_MAIN_PROFILE"
	ManageSSHKeys               Permission = "MANAGE_SSH_KEYS"
	FullControlServices         Permission = "FULL_CONTROL_SERVICES"
	ViewEmailHistory            Permission = "VIEW_EMAIL_HISTORY"
	ManageContacts              Permission = "MANAGE_CONTACTS"
	FullControlDomains          Permission = "FULL_CONTROL_DOMAINS"
	EditAllowedIPs              Permission = "EDIT_ALLOWED_IPS"
	Affiliates                  Permission = "AFFILIATES"
)

// AllPermissions lists the twenty in the order of the requirements; a
// PermissionSet numbers its bits by it.
func AllPermissions() [20]Permission {
	return [20]Permission{
		ReceiveBillingNotifications, AcceptOrderContracts, EditCreditCard, ViewPayInvoices,
		ViewBalance, ViewAcceptEstimates, PlaceOrders, AddFunds,
		OpenTickets, ReceiveSupportEmails, ViewTickets, CloseTickets,
		ModifyMainProfile, ManageSSHKeys, FullControlServices, ViewEmailHistory,
		ManageContacts, FullControlDomains, EditAllowedIPs, Affiliates,
	}
}

// Requires is the permission without which p does not count, or empty (HB-18).
func (p Permission) Requires() Permission {
	if p == CloseTickets {
		return ViewTickets
	}
	return ""
}

// PermissionSet is a set of permissions, one bit each.
type PermissionSet uint32

// EveryPermission is the ceiling of an account that has none lowered.
const EveryPermission PermissionSet = 1<<20 - 1

// Permissions makes a set.
func Permissions(of ...Permission) PermissionSet {
	var set PermissionSet
	for i, known := range AllPermissions() {
		for _, p := range of {
			if p == known {
				set |= 1 << i
			}
		}
	}
	return set
}

// Has tells whether p is in the set.
func (s PermissionSet) Has(p Permission) bool { return s&Permissions(p) != 0 }

// Len is how many there are in the set.
func (s PermissionSet) Len() int { return bits.OnesCount32(uint32(s)) }

// List is the set in the order of the requirements.
func (s PermissionSet) List() []Permission {
	list := make([]Permission, 0, s.Len())
	for i, p := range AllPermissions() {
		if s&(1<<i) != 0 {
			list = append(list, p)
		}
	}
	return list
}

// String names the set, in the order of the requirements; empty for none.
func (s PermissionSet) String() string {
	names := make([]string, 0, s.Len())
	for _, p := range s.List() {
		names = append(names, string(p))
	}
	return strings.Join(names, ",")
}

// Value gives the database an array of the names.
func (s PermissionSet) Value() (driver.Value, error) { return "{" + s.String() + "}", nil }

// Scan reads an array of names. One that this program does not know is a newer
// program's, and counts for nothing here.
func (s *PermissionSet) Scan(src any) error {
	var text string
	switch array := src.(type) {
	case string:
		text = array
	case []byte:
		text = string(array)
	default:
		return fmt.Errorf("scan permissions from %T", src)
	}
	*s = 0
	for _, name := range strings.Split(strings.Trim(text, "{}"), ",") {
		*s |= Permissions(Permission(name))
	}
	return nil
}

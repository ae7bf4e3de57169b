package roster

import (
	"fmt"
	"strings"
	"time"
)

// IssueReport is a problem that a customer reported.
type IssueReport struct {
	ID     IssueReportID `bun:",pk"`
	Number int64         `bun:",autoincrement"` // what people say on the phone
	// ReporterContactID is empty once the contact is gone; the person stays.
	AccountID         AccountID
	ApplicationKey    string
	Subject           string
	Body              string
	ReporterPersonID  PersonID
	ReporterContactID ContactID `bun:",nullzero"`
	ReporterName      string
	CreatedAt         time.Time
}

// NodeID is the report's global id.
func (r IssueReport) NodeID() string { return r.ID.String() }

// Reference is the number as mails and people write it.
func (r IssueReport) Reference() string { return fmt.Sprintf("IR-%06d", r.Number) }

// DeliveryStatus is how far a mail has come.
type DeliveryStatus string

// The states of a mail. CANCELLED is for one that has become pointless before
// it was sent; it never shows on a delivery of an issue report.
const (
	Queued    DeliveryStatus = "QUEUED"
	Sending   DeliveryStatus = "SENDING"
	Sent      DeliveryStatus = "SENT"
	Deferred  DeliveryStatus = "DEFERRED"
	Bounced   DeliveryStatus = "BOUNCED"
	Failed    DeliveryStatus = "FAILED"
	Cancelled DeliveryStatus = "CANCELLED"
)

// IssueDelivery is an issue report's mail to one recipient.
type IssueDelivery struct {
	ID             IssueDeliveryID `bun:",pk"`
	IssueReportID  IssueReportID
	AccountID      AccountID
	EmailMessageID EmailMessageID
	// Recipient is the canonical address at the time of the report, and
	// RecipientLabel the name or address as it was shown.
	Recipient      string
	RecipientLabel string

	Status   DeliveryStatus `bun:",scanonly"`
	Attempts int            `bun:",scanonly"`
	SentAt   *time.Time     `bun:",scanonly"`
	// Reply is what the recipient's mail server answered last, when it refused.
	Reply *string `bun:",scanonly"`
}

// NodeID is the delivery's global id.
func (d IssueDelivery) NodeID() string { return d.ID.String() }

// Masked is the delivery with an address that tells its domain only.
func (d IssueDelivery) Masked() IssueDelivery {
	_, domain, _ := strings.Cut(d.Recipient, "@")
	d.Recipient = "***@" + domain
	d.RecipientLabel = d.Recipient
	d.Reply = nil
	return d
}

// Deliveries are one row for each recipient, never two for one mailbox (ML-2).
func (r IssueReport) Deliveries(to []SupportContact) []IssueDelivery {
	var rows []IssueDelivery
	seen := map[string]bool{}
	for _, sc := range to {
		if seen[sc.Mailbox] {
			continue
		}
		seen[sc.Mailbox] = true
		rows = append(rows, IssueDelivery{ID: NewID[IssueDeliveryID](), IssueReportID: r.ID, AccountID: r.AccountID,
			EmailMessageID: NewID[EmailMessageID](), Recipient: sc.Mailbox, RecipientLabel: sc.DisplayLabel()})
	}
	return rows
}

// IssueReportCreateInput reports a problem with an application (ML-4).
type IssueReportCreateInput struct {
	AccountID      string
	ApplicationKey string
	Subject        string
	Body           string
	// OnBehalfOfContactID is the reporter, when the vendor's staff writes the
	// report down for somebody.
	OnBehalfOfContactID *string
}

// Reporter is the contact that a report is from: the actor, or whom the
// vendor's staff names.
func (s *AccountState) Reporter(by Actor, named *string) (*Contact, error) {
	if own, _ := placeIn(by, s); !own.Contact.IsZero() {
		if named != nil && ParseID[ContactID](*named) != own.Contact {
			return nil, Problem{Code: Invalid, Message: "Only the vendor's staff reports on behalf of somebody else."}.At("onBehalfOfContactId")
		}
		return s.Contact(own.Contact, "accountId")
	}
	if named == nil {
		return nil, Problem{Code: Required, Message: "Say which contact this report is from."}.At("onBehalfOfContactId")
	}
	reporter, err := s.Contact(ParseID[ContactID](*named), "onBehalfOfContactId")
	if err == nil && !reporter.Verified() {
		return nil, Problem{Code: NotVerified, Message: "This contact has not verified the address yet, so no answer would reach it."}.At("onBehalfOfContactId")
	}
	return reporter, err
}

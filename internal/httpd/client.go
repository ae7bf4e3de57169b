package httpd

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientOf is the address a request comes from: the connection's other end, or
// what a trusted proxy there says it is. Of X-Forwarded-For only the last hop
// counts, the one that the proxy itself has added; the rest is hearsay. The
// zero Addr stands for an address that cannot be read, as on a Unix socket.
func clientOf(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer := addrOf(r.RemoteAddr)
	if !within(peer, trusted) {
		return peer
	}
	forwarded := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	if hop := addrOf(strings.TrimSpace(forwarded[strings.LastIndex(forwarded, ",")+1:])); hop.IsValid() {
		return hop
	}
	return peer
}

// addrOf reads an address with or without a port, and one of IPv4 in IPv6's
// clothes as IPv4.
func addrOf(text string) netip.Addr {
	if both, err := netip.ParseAddrPort(text); err == nil {
		return both.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

func within(addr netip.Addr, networks []netip.Prefix) bool {
	for _, network := range networks {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// limitKey is whom a limit counts: an IPv4 address, or the /64 of an IPv6 one,
// since each customer has that many addresses to come from.
func limitKey(addr netip.Addr) string {
	if addr.Is6() {
		network, _ := addr.Prefix(64) // never an error for an IPv6 address
		return network.String()
	}
	return addr.String()
}

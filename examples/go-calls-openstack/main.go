// Requests to OpenStack that carry a sampled traceparent are profiled, without a proxy in between.
//
//	OSPROFILER_KEY=SECRET_KEY TRACEPARENT=00-…-01 go run main.go URL
package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strings"
)

var sampled = regexp.MustCompile(`^00-(.{8})(.{4})(.{4})(.{4})(.{12})-(.{4})(.{12})-.[13579bdf]$`)

// Osprofiler signs each request that OpenTelemetry's instrumentation, or the program, gave a sampled traceparent.
type Osprofiler struct {
	Key  []byte
	Next http.RoundTripper
}

func (o Osprofiler) RoundTrip(given *http.Request) (*http.Response, error) {
	request := given.Clone(given.Context())
	if ids := sampled.FindStringSubmatch(request.Header.Get("traceparent")); ids != nil {
		base := strings.Join(ids[1:6], "-")
		// The high half only has to differ from that of the trace id.
		high := "00000000-0000-0000"
		if strings.HasPrefix(base, high) {
			high = "ffffffff-ffff-ffff"
		}
		info := base64.URLEncoding.EncodeToString([]byte(fmt.Sprintf(`{"base_id":"%s","parent_id":"%s-%s-%s"}`, base, high, ids[6], ids[7])))
		mac := hmac.New(sha1.New, o.Key)
		mac.Write([]byte(info))
		request.Header.Set("X-Trace-Info", info)
		request.Header.Set("X-Trace-HMAC", hex.EncodeToString(mac.Sum(nil)))
	}
	return o.Next.RoundTrip(request)
}

func main() {
	// In gophercloud: provider.HTTPClient.Transport = otelhttp.NewTransport(Osprofiler{…})
	client := http.Client{Transport: Osprofiler{[]byte(os.Getenv("OSPROFILER_KEY")), http.DefaultTransport}}
	request, err := http.NewRequest(http.MethodGet, os.Args[1], nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("traceparent", os.Getenv("TRACEPARENT"))
	response, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	io.Copy(os.Stdout, response.Body)
}

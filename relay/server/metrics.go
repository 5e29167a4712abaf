package server

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/porthole-rac/porthole/relay/session"
)

// Metrics is the handler of the second listener: /metrics for Prometheus and
// /outpost.goauthentik.io/ping for health checks written for authentik's own
// outposts. More metrics may be added.
func Metrics(sessions *session.Registry, version string, more ...prometheus.Collector) http.Handler {
	reg := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "porthole_build_info", Help: "Always 1; the version is a label.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	reg.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		build,
		&sessionMetrics{sessions: sessions},
	)
	reg.MustRegister(more...)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /outpost.goauthentik.io/ping", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// sessionMetrics reads the registry when it is asked.
type sessionMetrics struct{ sessions *session.Registry }

var (
	descActive = prometheus.NewDesc("porthole_connections", "Live connections by state and whether a browser is attached.",
		[]string{"protocol", "state", "attached"}, nil)
	descStarted  = prometheus.NewDesc("porthole_connections_started_total", "Connections started.", nil, nil)
	descResumed  = prometheus.NewDesc("porthole_connections_resumed_total", "Times that a browser came back to a connection.", nil, nil)
	descEnded    = prometheus.NewDesc("porthole_connections_ended_total", "Connections ended, by end code.", []string{"code"}, nil)
	descSent     = prometheus.NewDesc("porthole_sent_bytes_total", "Bytes sent to browsers in connections that have ended.", nil, nil)
	descReceived = prometheus.NewDesc("porthole_received_bytes_total", "Bytes received from browsers in connections that have ended.", nil, nil)
	descStates   = prometheus.NewDesc("porthole_terminal_states_total", "Screen states sent in place of output, in connections that have ended.", nil, nil)
)

// Describe implements prometheus.Collector.
func (m *sessionMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descActive, descStarted, descResumed, descEnded, descSent, descReceived, descStates} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *sessionMetrics) Collect(ch chan<- prometheus.Metric) {
	type key struct {
		protocol, state string
		attached        bool
	}
	active := make(map[key]int)
	for _, c := range m.sessions.List() {
		active[key{c.Endpoint.Protocol, c.State, c.Attached}]++
	}
	for k, n := range active {
		attached := "false"
		if k.attached {
			attached = "true"
		}
		ch <- prometheus.MustNewConstMetric(descActive, prometheus.GaugeValue, float64(n), k.protocol, k.state, attached)
	}
	t := m.sessions.Totals()
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	count(descStarted, t.Started.Load())
	count(descResumed, t.Resumed.Load())
	count(descSent, t.Sent.Load())
	count(descReceived, t.Received.Load())
	count(descStates, t.States.Load())
	t.Ends.Each(func(code string, n uint64) { count(descEnded, n, code) })
}

package authentik

import (
	"github.com/prometheus/client_golang/prometheus"
)

var (
	labelsOfInfo   = []string{"outpost_name", "outpost_type", "uuid", "version", "build"}
	descInfo       = prometheus.NewDesc("authentik_outpost_info", "Always 1; the labels tell about the outpost.", labelsOfInfo, nil)
	descUpdate     = prometheus.NewDesc("authentik_outpost_last_update", "When the configuration was last read, in seconds since 1970.", labelsOfInfo, nil)
	descConnection = prometheus.NewDesc("authentik_outpost_connection", "1 while the control connection to authentik is open.",
		[]string{"outpost_name", "outpost_type", "uuid"}, nil)

	descTunnels  = prometheus.NewDesc("porthole_outpost_tunnels", "Tunnels to browsers, those that are being opened included.", nil, nil)
	descGrants   = prometheus.NewDesc("porthole_outpost_connections", "Connections that authentik has asked for and that are not over.", []string{"tunnel"}, nil)
	descRequests = prometheus.NewDesc("porthole_outpost_requests_total", "Connections that authentik asked for, by what came of it.", []string{"result"}, nil)
	descControls = prometheus.NewDesc("porthole_outpost_control_opened_total", "Control connections that were opened, planned replacements included.", nil, nil)
	descLost     = prometheus.NewDesc("porthole_outpost_control_failed_total", "Control connections that were lost or could not be opened.", nil, nil)
)

// Describe implements prometheus.Collector.
func (o *Outpost) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descInfo, descUpdate, descConnection, descTunnels, descGrants, descRequests, descControls, descLost} {
		ch <- d
	}
}

// Collect implements prometheus.Collector: authentik's own three, by the names that
// its dashboards have, and ours.
func (o *Outpost) Collect(ch chan<- prometheus.Metric) {
	o.mu.Lock()
	name, updated, connected, attached := o.self.Name, o.updated, o.status.Connected, o.attached
	with, without := 0, 0
	for _, g := range o.grants {
		if g.grace == nil {
			with++
		} else {
			without++
		}
	}
	o.mu.Unlock()

	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	if name != "" {
		gauge(descInfo, 1, name, "rac", o.uuid, o.cfg.Version, o.cfg.Build)
		gauge(descUpdate, float64(updated.Unix()), name, "rac", o.uuid, o.cfg.Version, o.cfg.Build)
		on := 0.0
		if connected {
			on = 1
		}
		gauge(descConnection, on, name, "rac", o.uuid)
	}
	gauge(descTunnels, float64(attached))
	gauge(descGrants, float64(with), "attached")
	gauge(descGrants, float64(without), "lost")
	lost := o.count.refused.Load() + o.count.failed.Load() // first, so that it is the less
	count(descRequests, o.count.requests.Load()-lost, "taken")
	count(descRequests, o.count.repeated.Load(), "repeated")
	count(descRequests, o.count.refused.Load(), "refused")
	count(descRequests, o.count.failed.Load(), "failed")
	count(descControls, o.count.controls.Load())
	count(descLost, o.count.lost.Load())
}

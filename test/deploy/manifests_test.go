// Package deploy_test checks what docs/deploy says against the program, and that the
// container image runs: unpacked, without a shell, as its user, on a root that cannot be
// written; and in Docker where there is an engine.
package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const folder = "../../docs/deploy"

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// documents reads a file of one or more YAML documents.
func documents(t *testing.T, name string) (all []map[string]any) {
	t.Helper()
	for d := yaml.NewDecoder(strings.NewReader(read(t, name))); ; {
		var m map[string]any
		switch err := d.Decode(&m); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, m)
	}
}

// at follows keys and indexes; nil where there is nothing.
func at(v any, path string) any {
	for key := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			n, err := strconv.Atoi(key)
			if err != nil || n < 0 || n >= len(x) {
				return nil
			}
			v = x[n]
		default:
			return nil
		}
	}
	return v
}

func wants(t *testing.T, name string, v any, want map[string]any) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if got := at(v, path); !equal(got, want[path]) {
			t.Errorf("%s: %s is %v, want %v", name, path, got, want[path])
		}
	}
}

func equal(a, b any) bool {
	x, errX := yaml.Marshal(a)
	y, errY := yaml.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func TestDeployment(t *testing.T) {
	all := documents(t, "kubernetes/deployment.yaml")
	if len(all) != 1 {
		t.Fatalf("%d documents", len(all))
	}
	d := all[0]
	wants(t, "deployment", d, map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"spec/template/spec/automountServiceAccountToken":                          false,
		"spec/template/spec/securityContext/runAsNonRoot":                          true,
		"spec/template/spec/securityContext/runAsUser":                             1000,
		"spec/template/spec/securityContext/seccompProfile/type":                   "RuntimeDefault",
		"spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation": false,
		"spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem":   true,
		"spec/template/spec/containers/0/securityContext/capabilities/drop":        []any{"ALL"},
		"spec/template/spec/containers/0/envFrom/0/secretRef/name":                 "porthole-rac",
		"spec/template/spec/containers/0/livenessProbe/httpGet/path":               "/outpost.goauthentik.io/ping",
		"spec/template/spec/containers/0/readinessProbe/httpGet/path":              "/-/health/ready/",
		"spec/template/spec/containers/0/volumeMounts/0/mountPath":                 "/data",
		"spec/template/spec/volumes/0/name":                                        at(d, "spec/template/spec/containers/0/volumeMounts/0/name"),
		"spec/selector/matchLabels":                                                at(d, "spec/template/metadata/labels"),
		"spec/template/spec/terminationGracePeriodSeconds":                         20,
	})
	if at(d, "spec/template/spec/containers/0/command") != nil || at(d, "spec/template/spec/containers/0/args") != nil {
		t.Error("the image's entry point is enough")
	}
	// Services, monitor and route lead to it.
	ports := map[string]bool{}
	for _, p := range at(d, "spec/template/spec/containers/0/ports").([]any) {
		ports[at(p, "name").(string)] = true
	}
	services := documents(t, "kubernetes/service.yaml")
	for _, s := range services {
		if !ports[at(s, "spec/ports/0/targetPort").(string)] || !equal(at(s, "spec/selector"), at(d, "spec/template/metadata/labels")) {
			t.Errorf("service %v leads nowhere", at(s, "metadata/name"))
		}
	}
	monitor := documents(t, "kubernetes/servicemonitor.yaml")[0]
	if !equal(at(monitor, "spec/selector/matchLabels"), at(services[1], "metadata/labels")) || at(monitor, "spec/endpoints/0/port") != at(services[1], "spec/ports/0/name") {
		t.Error("the monitor finds no service")
	}
	ingress := documents(t, "kubernetes/ingress.yaml")[0]
	wants(t, "ingress", ingress, map[string]any{
		"spec/rules/0/http/paths/0/path":                      "/if/rac/",
		"spec/rules/0/http/paths/0/backend/service/name":      at(services[0], "metadata/name"),
		"spec/rules/0/http/paths/0/backend/service/port/name": at(services[0], "spec/ports/0/name"),
	})
	secret := documents(t, "kubernetes/secret.yaml")[0]
	for _, name := range []string{"AUTHENTIK_HOST", "AUTHENTIK_TOKEN", "AUTHENTIK_INSECURE"} {
		if _, ok := at(secret, "stringData/"+name).(string); !ok {
			t.Errorf("the secret lacks %s, as a text", name)
		}
	}
	list := documents(t, "kubernetes/kustomization.yaml")[0]
	for _, file := range at(list, "resources").([]any) {
		read(t, "kubernetes/"+file.(string))
	}
}

func TestCompose(t *testing.T) {
	c := documents(t, "compose.yaml")[0]
	wants(t, "compose", c, map[string]any{
		"services/rac/read_only": true, "services/rac/cap_drop": []any{"ALL"}, "services/rac/security_opt": []any{"no-new-privileges:true"},
		"services/rac/environment/AUTHENTIK_INSECURE": "false", "services/rac/volumes": []any{"rac:/data"},
	})
	if p := at(c, "services/rac/ports/0"); p != "127.0.0.1:8080:8080" {
		t.Errorf("port %v: plain HTTP is for a proxy on this machine only", p)
	}
	if at(c, "services/rac/user") != nil || at(c, "services/rac/privileged") != nil {
		t.Error("the image's own user is enough")
	}
	if _, ok := at(c, "volumes").(map[string]any)["rac"]; !ok {
		t.Error("the volume is not declared")
	}
}

// Every variable in the files is one that the program knows.
func TestVariablesAreKnown(t *testing.T) {
	var source strings.Builder
	for _, name := range []string{"ownpage.go", "outpost.go", "environment.go", "main.go", "config.go"} {
		b, err := os.ReadFile(filepath.Join("../../cmd/porthole", name))
		if err != nil {
			t.Fatal(err)
		}
		source.Write(b)
	}
	seen := 0
	err := filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		for _, v := range regexp.MustCompile(`\b(PORTHOLE|AUTHENTIK)_[A-Z_]+\b`).FindAllString(string(b), -1) {
			if v == "PORTHOLE_TOKEN" { // compose's own
				continue
			}
			seen++
			flag := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(v, "PORTHOLE_")), "_", "-")
			if !strings.Contains(source.String(), `"`+v+`"`) && !strings.Contains(source.String(), `, "`+flag+`", `) {
				t.Errorf("%s: %s is unknown", name, v)
			}
		}
		return err
	})
	if err != nil || seen < 8 {
		t.Errorf("%d variables, %v", seen, err)
	}
}

// generated is the deployment that authentik makes for an outpost of this kind
// (authentik/outposts/controllers/k8s/deployment.py), as far as patches touch it.
const generated = `
metadata: {name: ak-outpost-porthole}
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: rac
          image: porthole/rac:latest
          env: [{name: AUTHENTIK_HOST}, {name: AUTHENTIK_INSECURE}, {name: AUTHENTIK_TOKEN}, {name: AUTHENTIK_HOST_BROWSER}]
          securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false}
`

// add is RFC 6902's operation.
func add(t *testing.T, doc any, path string, value any) any {
	t.Helper()
	key, rest, more := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch d := doc.(type) {
	case map[string]any:
		if more {
			if d[key] == nil {
				t.Fatalf("patch: %s has no parent", path)
			}
			d[key] = add(t, d[key], rest, value)
		} else {
			d[key] = value
		}
		return d
	case []any:
		if !more && key == "-" {
			return append(d, value)
		}
		n, err := strconv.Atoi(key)
		if err != nil || n >= len(d) {
			t.Fatalf("patch: index %s", key)
		}
		if !more {
			return slices.Insert(d, n, value)
		}
		d[n] = add(t, d[n], rest, value)
		return d
	}
	t.Fatalf("patch: %s leads into %T", path, doc)
	return nil
}

// authentik compares the patched deployment with that of the cluster, and makes it anew
// where the list of ports is empty or another one.
func TestPatchesOfAManagedOutpost(t *testing.T) {
	c := documents(t, "managed-outpost.yaml")[0]
	if image, _ := c["container_image"].(string); !strings.Contains(image, ":") {
		t.Errorf("image %q has no tag", image)
	}
	patches := at(c, "kubernetes_json_patches/deployment").([]any)
	apply := func() any {
		var doc any
		if err := yaml.Unmarshal([]byte(generated), &doc); err != nil {
			t.Fatal(err)
		}
		for _, p := range patches {
			if at(p, "op") != "add" {
				t.Fatalf("operation %v", at(p, "op"))
			}
			doc = add(t, doc, at(p, "path").(string), at(p, "value"))
		}
		return doc
	}
	want, again := apply(), apply()
	ports, _ := at(want, "spec/template/spec/containers/0/ports").([]any)
	if len(ports) == 0 || !equal(want, again) {
		t.Error("each run of the controller would make it anew")
	}
	for _, p := range ports {
		if at(p, "protocol") == nil { // the cluster fills it in, and the lists would differ
			t.Errorf("port %v has no protocol", at(p, "name"))
		}
	}
	wants(t, "patched", want, map[string]any{
		"spec/template/spec/containers/0/env/4/name":                               "PORTHOLE_LISTEN",
		"spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem":   true,
		"spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation": false,
		"spec/template/spec/containers/0/volumeMounts/0/name":                      at(want, "spec/template/spec/volumes/0/name"),
	})
	service := documents(t, "managed-service.yaml")[0]
	if at(service, "spec/ports/0/targetPort") != at(ports[1], "name") {
		t.Error("the service's port is not among them")
	}
}

// All routes lead the one prefix to Porthole and keep the Host header.
func TestRoutes(t *testing.T) {
	tr := documents(t, "proxies/traefik.yaml")[0]
	rule, _ := at(tr, "http/routers/porthole/rule").(string)
	if !strings.Contains(rule, "PathPrefix(`/if/rac/`)") || at(tr, "http/services/porthole/loadBalancer/servers/0/url") == nil {
		t.Errorf("rule %s", rule)
	}
	for name, says := range map[string][]string{
		"proxies/nginx.conf": {"location /if/rac/ {", "proxy_set_header Host $http_host;", "proxy_set_header Upgrade $http_upgrade;"},
		"proxies/Caddyfile":  {"handle /if/rac/*"},
	} {
		for _, s := range says {
			if !strings.Contains(read(t, name), s) {
				t.Errorf("%s lacks %s", name, s)
			}
		}
	}
}

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

// write makes the folder hold the assets and nothing else, but for hidden files.
// Files that are already right are left alone, so that build tools see no change;
// it returns how many files it wrote or deleted.
func write(folder string, assets []*asset) (changed int, err error) {
	want := make(map[string][]byte)
	for _, a := range assets {
		want[a.file] = a.data
		if a.br != nil {
			want[a.file+".br"] = a.br
		}
		if a.gz != nil {
			want[a.file+".gz"] = a.gz
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return 0, err
	}
	for name, data := range want {
		file := filepath.Join(folder, name)
		if have, err := os.ReadFile(file); err == nil && bytes.Equal(have, data) {
			continue
		}
		if err := replace(file, data); err != nil {
			return changed, err
		}
		changed++
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return changed, err
	}
	for _, entry := range entries {
		if _, wanted := want[entry.Name()]; wanted || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if err := os.RemoveAll(filepath.Join(folder, entry.Name())); err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}

// replace writes a file in one step: nobody sees half of it.
func replace(file string, data []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails once it is renamed, as it should
	if _, err := temp.Write(data); err != nil {
		temp.Close()
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := os.Chmod(temp.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}

// report prints the sizes of the bundle's files, and what each page weighs with
// everything that it refers to: the most that a first visit loads.
func report(w io.Writer, assets []*asset, changed int) {
	if changed == 0 {
		fmt.Fprintln(w, "bundle: up to date")
		return
	}
	byName := make(map[string]*asset)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "raw\tgzip\tbrotli\t file")
	for _, a := range assets {
		byName[a.name] = a
		fmt.Fprintf(table, "%d\t%s\t%s\t %s\n", len(a.data), size(a.gz), size(a.br), a.file)
	}
	table.Flush()
	for _, a := range assets {
		if filepath.Ext(a.name) == ".html" {
			files, bytes := weight(a, byName)
			fmt.Fprintf(w, "%s: %d files, %.2f MB with brotli\n", a.name, files, float64(bytes)/1e6)
		}
	}
}

func size(data []byte) string {
	if data == nil {
		return "-"
	}
	return fmt.Sprint(len(data))
}

// weight counts the files that a page reaches and their bytes as a browser gets
// them. Other pages are not followed.
func weight(page *asset, byName map[string]*asset) (files, bytes int) {
	reached := map[string]bool{page.name: true}
	queue := []*asset{page}
	for ; len(queue) > 0; queue = queue[1:] {
		a := queue[0]
		files++
		if a.br != nil {
			bytes += len(a.br)
		} else {
			bytes += len(a.data)
		}
		for _, name := range a.uses {
			if !reached[name] && filepath.Ext(name) != ".html" {
				reached[name] = true
				queue = append(queue, byName[name])
			}
		}
	}
	return files, bytes
}

// Checks an audit log of sealroom with the packages of Go's checksum database, which share no code with it.
//
//	audit-go verify <folder>   files: keys, log.jsonl, checkpoint, seen, growth.proof, record-<n>.proof for each record
//	audit-go sign <name>       prints a verifier key and a checkpoint of an empty log, signed with it
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	defer func() {
		if problem := recover(); problem != nil {
			fmt.Fprintln(os.Stderr, problem)
			os.Exit(1)
		}
	}()
	if os.Args[1] == "sign" {
		sign(os.Args[2])
		return
	}
	verify(os.Args[2])
}

func sign(name string) {
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	check(err)
	signer, err := note.NewSigner(skey)
	check(err)
	root := sha256.Sum256(nil)
	text := fmt.Sprintf("%s\n0\n%s\n", name, base64.StdEncoding.EncodeToString(root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	check(err)
	fmt.Printf("%s\n%s", vkey, signed)
}

type reader map[int64]tlog.Hash

func (r reader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = r[index]
	}
	return hashes, nil
}

func verify(folder string) {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(folder, name))
		check(err)
		return string(data)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(read("keys")))
	check(err)
	open := func(text string) tlog.Tree {
		opened, err := note.Open([]byte(text), note.VerifierList(verifier))
		check(err)
		lines := strings.Split(opened.Text, "\n")
		size, err := strconv.ParseInt(lines[1], 10, 64)
		check(err)
		root, err := tlog.ParseHash(lines[2])
		check(err)
		if lines[0] != verifier.Name() {
			panic("another origin")
		}
		return tlog.Tree{N: size, Hash: root}
	}

	// The tree, from the lines.
	lines := bytes.Split([]byte(read("log.jsonl")), []byte("\n"))
	lines = lines[:len(lines)-1]
	stored := reader{}
	for i, line := range lines {
		hashes, err := tlog.StoredHashes(int64(i), line, stored)
		check(err)
		for j, hash := range hashes {
			stored[tlog.StoredHashIndex(0, int64(i))+int64(j)] = hash
		}
	}
	head := open(read("checkpoint"))
	root, err := tlog.TreeHash(int64(len(lines)), stored)
	check(err)
	if head.N != int64(len(lines)) || head.Hash != root {
		panic("the checkpoint is of other records")
	}

	for i, line := range lines {
		first, index, hashes, checkpoint := parse(read(fmt.Sprintf("record-%d.proof", i)))
		if first != "c2sp.org/tlog-proof@v1" || index != fmt.Sprintf("index %d", i) {
			panic("malformed proof")
		}
		tree := open(checkpoint)
		check(tlog.CheckRecord(hashes, tree.N, tree.Hash, int64(i), tlog.RecordHash(line)))
	}

	_, old, hashes, checkpoint := parse("\n" + read("growth.proof"))
	older, newer := open(read("seen")), open(checkpoint)
	if old != fmt.Sprintf("old %d", older.N) {
		panic("the proof is from another size")
	}
	check(tlog.CheckTree(hashes, newer.N, newer.Hash, older.N, older.Hash))
	fmt.Printf("%d records, grown from %d\n", newer.N, older.N)
}

// parse splits a proof into its first two lines, its hashes and its checkpoint.
func parse(text string) (string, string, []tlog.Hash, string) {
	head, checkpoint, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	hashes := []tlog.Hash{}
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		check(err)
		hashes = append(hashes, hash)
	}
	return lines[0], lines[1], hashes, checkpoint
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// Command tlog verifies a Poundlock log that was written to a folder as static files, with Go's
// golang.org/x/mod/sumdb packages and none of our code.
//
//	apt-get install golang-go golang-golang-x-mod-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o tlog main.go
//	./tlog FOLDER
//
// FOLDER holds what C2SP tlog-tiles names: checkpoint, tile/<L>/<N>[.p/<W>], tile/entries/<N>[.p/<W>]; and
// log.vkey (one verifier key), witness.vkeys (one a line; each must have cosigned), roots (lines "<size> <base64>":
// older roots that the log must continue). It prints what it checked and writes go.note and go.vkey: the same
// checkpoint text, signed by a new key of Go's. Any failure ends it with status 1 and a reason.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight       = 8
	tileWidth        = 1 << tileHeight
	cosignatureV1    = 4
	cosignatureBytes = 8 + ed25519.SignatureSize
)

// cosignatureVerifier is a note.Verifier of C2SP cosignature/v1 lines.
type cosignatureVerifier struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (v *cosignatureVerifier) Name() string    { return v.name }
func (v *cosignatureVerifier) KeyHash() uint32 { return v.hash }
func (v *cosignatureVerifier) Verify(text, signature []byte) bool {
	if len(signature) != cosignatureBytes {
		return false
	}
	seconds := binary.BigEndian.Uint64(signature)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", seconds, text)
	return seconds > 0 && ed25519.Verify(v.key, []byte(message), signature[8:])
}

func newCosignatureVerifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a verifier key has three parts")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != cosignatureV1 {
		return nil, errors.New("not an Ed25519 cosignature key")
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(digest[:4])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("the key id is not the key's")
	}
	return &cosignatureVerifier{parts[0], hash, ed25519.PublicKey(key[1:])}, nil
}

// folderTiles reads C2SP tile paths, which have no height element.
type folderTiles struct{ folder string }

func (f folderTiles) Height() int                     { return tileHeight }
func (f folderTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (f folderTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		path := "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
		bytes, err := os.ReadFile(filepath.Join(f.folder, path))
		if err != nil {
			return nil, err
		}
		data[i] = bytes
	}
	return data, nil
}

func readText(folder, name string) (string, error) {
	bytes, err := os.ReadFile(filepath.Join(folder, name))
	return strings.TrimSpace(string(bytes)), err
}

// openCheckpoint wants the log's own signature and one of every witness.
func openCheckpoint(folder string) (text string, tree tlog.Tree, err error) {
	logKey, err := readText(folder, "log.vkey")
	if err != nil {
		return "", tree, err
	}
	logVerifier, err := note.NewVerifier(logKey)
	if err != nil {
		return "", tree, err
	}
	verifiers := []note.Verifier{logVerifier}
	witnesses, err := readText(folder, "witness.vkeys")
	if err != nil {
		return "", tree, err
	}
	for _, vkey := range strings.Fields(witnesses) {
		verifier, err := newCosignatureVerifier(vkey)
		if err != nil {
			return "", tree, err
		}
		verifiers = append(verifiers, verifier)
	}
	bytes, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return "", tree, err
	}
	opened, err := note.Open(bytes, note.VerifierList(verifiers...))
	if err != nil {
		return "", tree, fmt.Errorf("checkpoint: %w", err)
	}
	if len(opened.Sigs) != len(verifiers) {
		return "", tree, fmt.Errorf("checkpoint: %d of %d keys signed", len(opened.Sigs), len(verifiers))
	}
	tree, err = parseCheckpoint(opened.Text, logVerifier.Name())
	fmt.Printf("signatures %d\n", len(opened.Sigs))
	return opened.Text, tree, err
}

func parseCheckpoint(text, origin string) (tree tlog.Tree, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		return tree, errors.New("checkpoint: not origin, size and root")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

func entriesPath(n, size int64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for rest := n / 1000; rest > 0; rest /= 1000 {
		path = fmt.Sprintf("x%03d/%s", rest%1000, path)
	}
	if width := size - n*tileWidth; width < tileWidth {
		path += fmt.Sprintf(".p/%d", width)
	}
	return "tile/entries/" + path
}

// readEntries returns every leaf of the log, from its entry bundles.
func readEntries(folder string, size int64) ([][]byte, error) {
	var entries [][]byte
	for n := int64(0); n*tileWidth < size; n++ {
		bundle, err := os.ReadFile(filepath.Join(folder, entriesPath(n, size)))
		if err != nil {
			return nil, err
		}
		for len(bundle) > 0 {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("bundle %d ends inside an entry", n)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			entries = append(entries, bundle[2:2+length])
			bundle = bundle[2+length:]
		}
	}
	if int64(len(entries)) != size {
		return nil, fmt.Errorf("%d entries in the bundles, %d in the checkpoint", len(entries), size)
	}
	return entries, nil
}

// checkRecords proves every entry from the tiles; TileHashReader checks the tiles against the root.
func checkRecords(tree tlog.Tree, entries [][]byte, reader tlog.HashReader) error {
	for i, entry := range entries {
		proof, err := tlog.ProveRecord(tree.N, int64(i), reader)
		if err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(i), tlog.RecordHash(entry)); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
	}
	fmt.Printf("records %d\n", len(entries))
	return nil
}

// checkRoots proves that the log continues each older root.
func checkRoots(folder string, tree tlog.Tree, reader tlog.HashReader) error {
	roots, err := readText(folder, "roots")
	if err != nil {
		return err
	}
	lines := strings.Split(roots, "\n")
	for _, line := range lines {
		var older tlog.Tree
		var root string
		if _, err := fmt.Sscanf(line, "%d %s", &older.N, &root); err != nil {
			return err
		}
		if older.Hash, err = tlog.ParseHash(root); err != nil {
			return err
		}
		proof, err := tlog.ProveTree(tree.N, older.N, reader)
		if err != nil {
			return fmt.Errorf("size %d: %w", older.N, err)
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash); err != nil {
			return fmt.Errorf("size %d: %w", older.N, err)
		}
	}
	fmt.Printf("continuations %d\n", len(lines))
	return nil
}

// signBack writes the checkpoint text signed by a new key, for the way back.
func signBack(folder, text string) error {
	secret, vkey, err := note.GenerateKey(rand.Reader, "go.example/log")
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "go.note"), signed, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "go.vkey"), []byte(vkey), 0o644)
}

func run(folder string) error {
	text, tree, err := openCheckpoint(folder)
	if err != nil {
		return err
	}
	entries, err := readEntries(folder, tree.N)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, folderTiles{folder})
	if err := checkRecords(tree, entries, reader); err != nil {
		return err
	}
	if err := checkRoots(folder, tree, reader); err != nil {
		return err
	}
	return signBack(folder, text)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: tlog FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Reads YAML as Kustomize and as the API server do: a line of JSON in (a text), a line of JSON out (the readings).
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/kio"
)

// A reading is what a reader makes of a text: its documents, or why there are none.
type reading struct {
	Documents []json.RawMessage `json:"documents"`
	Error     string            `json:"error"`
}

// applied reads a text as `kubectl apply` does, whose request the API server takes as JSON.
func applied(text []byte) (found reading) {
	found.Documents = []json.RawMessage{}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		var document json.RawMessage
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			found.Error = err.Error()
			return found
		}
		if trimmed := bytes.TrimSpace(document); len(trimmed) > 0 && !bytes.Equal(trimmed, []byte("null")) {
			if err := found.add(trimmed); err != nil {
				found.Error = err.Error()
				return found
			}
		}
	}
}

// add appends the object in a document, or those in a list, as kubectl tells the two apart.
func (found *reading) add(document []byte) error {
	object, _, err := unstructured.UnstructuredJSONScheme.Decode(document, nil, nil)
	if err != nil {
		return err
	}
	var one func(object runtime.Object) error
	one = func(object runtime.Object) error {
		if inner := object.(*unstructured.Unstructured); inner.IsList() { // kubectl flattens lists in lists, too
			return inner.EachListItem(one)
		}
		text, err := json.Marshal(object.(*unstructured.Unstructured).Object)
		found.Documents = append(found.Documents, text)
		return err
	}
	if list, is := object.(*unstructured.UnstructuredList); is {
		return list.EachListItem(one)
	}
	return one(object)
}

// built is what `kustomize build` prints where the text is its one resource file.
func built(text []byte) (string, error) {
	factory := resmap.NewFactory(provider.NewDefaultDepProvider().GetResourceFactory())
	resources, err := factory.NewResMapFromBytes(text)
	if err != nil {
		return "", err
	}
	printed, err := resources.AsYaml()
	return string(printed), err
}

// listed is the text as a ResourceList, as kyaml hands it to a function.
func listed(text []byte) (string, error) {
	var written bytes.Buffer
	err := kio.Pipeline{
		Inputs: []kio.Reader{&kio.ByteReader{Reader: bytes.NewReader(text), OmitReaderAnnotations: true}},
		Outputs: []kio.Writer{kio.ByteWriter{
			Writer: &written, WrappingKind: kio.ResourceListKind, WrappingAPIVersion: kio.ResourceListAPIVersion,
		}},
	}.Execute()
	return written.String(), err
}

// items are the resources that kyaml reads in a text, a ResourceList or documents, as JSON.
func items(text []byte) (found reading) {
	found.Documents = []json.RawMessage{}
	nodes, err := (&kio.ByteReader{Reader: bytes.NewReader(text), OmitReaderAnnotations: true}).Read()
	if err != nil {
		found.Error = err.Error()
		return found
	}
	for _, node := range nodes {
		document, err := node.MarshalJSON()
		if err != nil {
			found.Error = err.Error()
			return found
		}
		found.Documents = append(found.Documents, document)
	}
	return found
}

type answer struct {
	Applied reading `json:"applied"`
	Built   reading `json:"built"`
	Items   reading `json:"items"`
	List    string  `json:"list"`
}

func answered(text []byte) (said answer) {
	defer func() {
		if fault := recover(); fault != nil {
			said.Built.Error = fmt.Sprint("panic: ", fault)
		}
	}()
	said.Applied = applied(text)
	said.Items = items(text)
	said.List, _ = listed(text)
	printed, err := built(text)
	if err != nil {
		said.Built.Error = err.Error()
		return said
	}
	said.Built = applied([]byte(printed))
	return said
}

func main() {
	debug.SetMaxStack(64 << 20) // Kustomize follows an alias that holds itself without end
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var text string
			if err := json.Unmarshal(line, &text); err != nil {
				fmt.Fprintln(os.Stderr, "yaml-readers: a line that is no JSON text:", err)
				os.Exit(2)
			}
			if err := out.Encode(answered([]byte(text))); err != nil {
				fmt.Fprintln(os.Stderr, "yaml-readers:", err)
				os.Exit(2)
			}
		}
		if err != nil {
			return
		}
	}
}

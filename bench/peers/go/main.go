// The plain injection as a Go function over kyaml's fn/framework: what a user would write instead of
// egress-overlays. It reads the domains ConfigMaps, copies their names into the same places, sets the
// same label and marks the ConfigMaps local. It validates, minimises and shards nothing.
package main

import (
	"os"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

const (
	injectAnnotation = "egress-overlays.dev/inject"
	setLabel         = "egress-overlays.dev/set"
	stateLabel       = "egress-overlays.dev/state"
	localConfig      = "config.kubernetes.io/local-config"
)

func main() {
	// Execute and not command.Build: cobra would only add to the start.
	if framework.Execute(framework.ResourceListProcessorFunc(process), nil) != nil {
		os.Exit(1)
	}
}

func process(list *framework.ResourceList) error {
	sets, err := domains(list.Items)
	if err != nil {
		return err
	}
	for _, item := range list.Items {
		set, annotated := item.GetAnnotations(injectAnnotation)[injectAnnotation]
		if !annotated {
			continue
		}
		if err := inject(item, yaml.NewListRNode(sets[set]...)); err != nil {
			return err
		}
		if err := item.PipeE(yaml.SetLabel(stateLabel, "injected")); err != nil {
			return err
		}
	}
	return nil
}

// domains returns the names of every set, and marks the ConfigMaps that they come from.
func domains(items []*yaml.RNode) (map[string][]string, error) {
	sets := map[string][]string{}
	for _, item := range items {
		if item.GetKind() != "ConfigMap" {
			continue
		}
		set, labelled := item.GetLabels(setLabel)[setLabel]
		if !labelled {
			continue
		}
		for _, text := range item.GetDataMap() {
			for _, line := range strings.Split(text, "\n") {
				name, _, _ := strings.Cut(line, "#")
				if name = strings.TrimSpace(name); name != "" {
					sets[set] = append(sets[set], name)
				}
			}
		}
		if err := item.PipeE(yaml.SetAnnotation(localConfig, "true")); err != nil {
			return nil, err
		}
	}
	return sets, nil
}

func inject(item, hosts *yaml.RNode) error {
	switch item.GetKind() {
	case "VirtualService":
		if err := item.PipeE(yaml.Lookup("spec"), yaml.SetField("hosts", hosts)); err != nil {
			return err
		}
		return each(item, []string{"spec", "tls"}, func(route *yaml.RNode) error {
			return each(route, []string{"match"}, func(match *yaml.RNode) error {
				return match.PipeE(yaml.SetField("sniHosts", hosts))
			})
		})
	case "ServiceEntry":
		return item.PipeE(yaml.Lookup("spec"), yaml.SetField("hosts", hosts))
	case "EnvoyFilter":
		return each(item, []string{"spec", "configPatches"}, func(patch *yaml.RNode) error {
			value, err := patch.Pipe(yaml.Lookup("patch", "value"))
			if err != nil || value == nil {
				return err
			}
			return serverNames(value, hosts)
		})
	}
	return nil
}

// serverNames sets filter_chain_match.server_names wherever it stands below node.
func serverNames(node, hosts *yaml.RNode) error {
	switch node.YNode().Kind {
	case yaml.SequenceNode:
		return node.VisitElements(func(child *yaml.RNode) error { return serverNames(child, hosts) })
	case yaml.MappingNode:
		return node.VisitFields(func(field *yaml.MapNode) error {
			if field.Key.YNode().Value == "filter_chain_match" && field.Value.Field("server_names") != nil {
				return field.Value.PipeE(yaml.SetField("server_names", hosts))
			}
			return serverNames(field.Value, hosts)
		})
	}
	return nil
}

func each(item *yaml.RNode, path []string, visit func(*yaml.RNode) error) error {
	list, err := item.Pipe(yaml.Lookup(path...))
	if err != nil || list == nil {
		return err
	}
	return list.VisitElements(visit)
}

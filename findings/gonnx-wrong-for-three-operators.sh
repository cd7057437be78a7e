#!/usr/bin/env bash
# gonnx 1.1.0 (ONNX in Go without cgo): an LSTM's outputs go by their names instead of their places, Conv pads with
# auto_pad VALID, and Slice drops a dimension of one element.
#
# - LSTM: ONNX says that the first output is the sequence, the second the last state and the third the last cell; the
#   names in a model are its author's choice. gonnx gives an output that is called Y, Y_h or Y_c, as in ONNX's
#   description of the operator, what that word means there, in whatever place it is. An output of any other name is
#   nil, without an error. ONNX's own tests use these names, so they pass; RNN and GRU go by the places.
# - Conv: VALID means no padding. gonnx pads as for SAME_UPPER.
# - Slice: a slice keeps its number of dimensions, whatever it cuts out. With one row left, gonnx gives a vector, and
#   operators after it take other axes.
#
# gonnx refuses what it does not know, with an error, and neither its README nor the list of skipped tests has these.
#
# Expected: what follows from the operators' descriptions, in parentheses.
# What helps: such names in the model, explicit pads, and a Reshape after the Slice.
# Needs Go 1.24 or newer, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GOPATH="$folder/path" GOFLAGS="-modcacherw -mod=mod"
mkdir "$folder/program"
cd "$folder/program"
go mod init program 2>/dev/null
go get github.com/advancedclimatesystems/gonnx@v1.1.0 \
  google.golang.org/protobuf@v1.36.12 gorgonia.org/tensor@v0.9.24 2>/dev/null

cat >program.go <<'PROGRAM'
package main

import (
	"fmt"
	"strings"

	"github.com/advancedclimatesystems/gonnx"
	"github.com/advancedclimatesystems/gonnx/onnx"
	"google.golang.org/protobuf/proto"
	"gorgonia.org/tensor"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func ones(name string, shape ...int64) *onnx.TensorProto {
	count := int64(1)
	for _, size := range shape {
		count *= size
	}
	values := make([]float32, count)
	for index := range values {
		values[index] = 1
	}
	return &onnx.TensorProto{Name: name, DataType: int32(onnx.TensorProto_FLOAT), Dims: shape, FloatData: values}
}

func integer(name string, value int64) *onnx.TensorProto {
	kind := int32(onnx.TensorProto_INT64)
	return &onnx.TensorProto{Name: name, DataType: kind, Dims: []int64{1}, Int64Data: []int64{value}}
}

func info(name string, shape []int) *onnx.ValueInfoProto {
	kind := &onnx.TypeProto_Tensor{ElemType: int32(onnx.TensorProto_FLOAT), Shape: &onnx.TensorShapeProto{}}
	for _, size := range shape {
		value := &onnx.TensorShapeProto_Dimension_DimValue{DimValue: int64(size)}
		kind.Shape.Dim = append(kind.Shape.Dim, &onnx.TensorShapeProto_Dimension{Value: value})
	}
	return &onnx.ValueInfoProto{Name: name, Type: &onnx.TypeProto{Value: &onnx.TypeProto_TensorType{TensorType: kind}}}
}

// Runs a model of one node, whose input x is 1, 2, 3 and so on, and gives what becomes of the node's outputs.
func run(node *onnx.NodeProto, shape []int, shapes [][]int, constants ...*onnx.TensorProto) string {
	node.Input = []string{"x"}
	for _, constant := range constants {
		node.Input = append(node.Input, constant.Name)
	}
	graph := &onnx.GraphProto{Name: "graph", Node: []*onnx.NodeProto{node}, Initializer: constants}
	graph.Input = []*onnx.ValueInfoProto{info("x", shape)}
	for index, name := range node.Output {
		graph.Output = append(graph.Output, info(name, shapes[index]))
	}
	opsets := []*onnx.OperatorSetIdProto{{Version: 13}}
	bytes := must(proto.Marshal(&onnx.ModelProto{IrVersion: 7, Graph: graph, OpsetImport: opsets}))
	model := must(gonnx.NewModelFromBytes(bytes))
	numbers := tensor.Range(tensor.Float32, 1, tensor.Shape(shape).TotalSize()+1)
	x := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(numbers))
	outputs := must(model.Run(gonnx.Tensors{"x": x}))
	var texts []string
	for index, name := range node.Output {
		text := "nil"
		if output := outputs[name]; output != nil {
			text = fmt.Sprintf("shape %v of %.2f", []int(output.Shape()), output.Data())
		}
		texts = append(texts, fmt.Sprintf("%s = %s (shape %v)", name, text, shapes[index]))
	}
	return strings.Join(texts, "\n  ")
}

func main() {
	for _, names := range [][]string{{"Y", "Y_h", "Y_c"}, {"Y_c", "Y_h", "Y"}, {"sequence", "state", "cell"}} {
		size := &onnx.AttributeProto{Name: "hidden_size", Type: onnx.AttributeProto_INT, I: 2}
		node := &onnx.NodeProto{OpType: "LSTM", Output: names, Attribute: []*onnx.AttributeProto{size}}
		shapes := [][]int{{3, 1, 2, 2}, {1, 2, 2}, {1, 2, 2}}
		fmt.Printf("LSTM\n  %s\n", run(node, []int{3, 2, 2}, shapes, ones("w", 1, 8, 2), ones("r", 1, 8, 2)))
	}
	for pad, size := range []int{2, 4} {
		text := []string{"VALID", "SAME_UPPER"}[pad]
		attribute := &onnx.AttributeProto{Name: "auto_pad", Type: onnx.AttributeProto_STRING, S: []byte(text)}
		node := &onnx.NodeProto{OpType: "Conv", Output: []string{"y"}, Attribute: []*onnx.AttributeProto{attribute}}
		fmt.Printf("Conv %s: %s\n", text, run(node, []int{1, 1, 4}, [][]int{{1, 1, size}}, ones("w", 1, 1, 3)))
	}
	for _, rows := range []int{1, 2} {
		node := &onnx.NodeProto{OpType: "Slice", Output: []string{"y"}}
		bounds := []*onnx.TensorProto{integer("starts", 0), integer("ends", int64(rows)), integer("axes", 0)}
		fmt.Printf("Slice of %d: %s\n", rows, run(node, []int{3, 2}, [][]int{{rows, 2}}, bounds...))
	}
}
PROGRAM

expected='LSTM
  Y = shape [3 1 2 2] of [0.70 0.70 0.76 0.76 0.96 0.96 0.96 0.96 0.99 0.99 1.00 1.00] (shape [3 1 2 2])
  Y_h = shape [1 2 2] of [0.99 0.99 1.00 1.00] (shape [1 2 2])
  Y_c = shape [1 2 2] of [2.95 2.95 3.00 3.00] (shape [1 2 2])
LSTM
  Y_c = shape [1 2 2] of [2.95 2.95 3.00 3.00] (shape [3 1 2 2])
  Y_h = shape [1 2 2] of [0.99 0.99 1.00 1.00] (shape [1 2 2])
  Y = shape [3 1 2 2] of [0.70 0.70 0.76 0.76 0.96 0.96 0.96 0.96 0.99 0.99 1.00 1.00] (shape [1 2 2])
LSTM
  sequence = nil (shape [3 1 2 2])
  state = nil (shape [1 2 2])
  cell = nil (shape [1 2 2])
Conv VALID: y = shape [1 1 4] of [3.00 6.00 9.00 7.00] (shape [1 1 2])
Conv SAME_UPPER: y = shape [1 1 4] of [3.00 6.00 9.00 7.00] (shape [1 1 4])
Slice of 1: y = shape [2] of [1.00 2.00] (shape [1 2])
Slice of 2: y = shape [2 2] of [1.00 2.00 3.00 4.00] (shape [2 2])'
seen=$(go run . 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }

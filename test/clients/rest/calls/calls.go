// Calls the client that openapi-generator writes for Go: URL IMAGE TEXT TEXT.
package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"

	ofave "example.org/ofave"
)

func show(call string, answer *ofave.Prediction, err error) {
	if err != nil {
		panic(err)
	}
	if !answer.HasResults() {
		fmt.Printf("%s\t%s\t%v\n", call, answer.GetLabel(), answer.GetConfidence())
	}
	for _, each := range answer.GetResults() {
		fmt.Printf("%s\t%s\t%v\n", call, each.GetLabel(), each.GetConfidence())
	}
}

func main() {
	url, path, one, other := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	configuration := ofave.NewConfiguration()
	configuration.Servers = ofave.ServerConfigurations{{URL: url}}
	api := ofave.NewAPIClient(configuration).PredictionsAPI
	form := func(texts ...string) (*ofave.Prediction, error) {
		// The client closes it.
		image, err := os.Open(path)
		if err != nil {
			panic(err)
		}
		answer, _, err := api.Predict(context.Background()).Image(image).Text(texts).Execute()
		return answer, err
	}
	json := func(change func(*ofave.PredictJson)) (*ofave.Prediction, error) {
		image, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		body := ofave.NewPredictJson(base64.StdEncoding.EncodeToString(image))
		change(body)
		answer, _, err := api.PredictJson(context.Background()).PredictJson(*body).Execute()
		return answer, err
	}
	answer, err := form(one)
	show("form, one", answer, err)
	answer, err = form(one, other)
	show("form, several", answer, err)
	answer, err = json(func(body *ofave.PredictJson) { body.SetText(one) })
	show("JSON, one", answer, err)
	answer, err = json(func(body *ofave.PredictJson) { body.SetTexts([]string{one, other}) })
	show("JSON, several", answer, err)
	_, err = form("  ")
	problem := err.(*ofave.GenericOpenAPIError).Model().(ofave.Problem)
	fmt.Printf("error\t%d\t%s\n", problem.GetStatus(), problem.GetError())
}

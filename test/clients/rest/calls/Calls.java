import java.io.File;
import java.nio.file.Files;
import java.util.Base64;
import java.util.List;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.PredictionsApi;
import org.openapitools.client.model.Judgement;
import org.openapitools.client.model.PredictJson;
import org.openapitools.client.model.Prediction;

/** Calls the client that openapi-generator writes for Java: URL IMAGE TEXT TEXT. */
public class Calls {
  static void show(String call, Prediction answer) {
    if (answer.getResults() == null || answer.getResults().isEmpty()) {
      System.out.println(call + "\t" + answer.getLabel() + "\t" + answer.getConfidence());
      return;
    }
    for (Judgement each : answer.getResults()) {
      System.out.println(call + "\t" + each.getLabel() + "\t" + each.getConfidence());
    }
  }

  public static void main(String[] args) throws Exception {
    ApiClient client = new ApiClient();
    client.setBaseOf(args[0]);
    PredictionsApi api = new PredictionsApi(client);
    File image = new File(args[1]);
    String encoded = Base64.getEncoder().encodeToString(Files.readAllBytes(image.toPath()));
    String one = args[2];
    String other = args[3];
    show("form, one", api.predict(image, List.of(one), null, null, null, null));
    show("form, several", api.predict(image, List.of(one, other), null, null, null, null));
    show("JSON, one", api.predictJson(new PredictJson().image(encoded).text(one), null, null));
    show("JSON, several", api.predictJson(new PredictJson().image(encoded).texts(List.of(one, other)), null, null));
    try {
      api.predict(image, List.of("  "), null, null, null, null);
    } catch (ApiException error) {
      String sentence = error.getResponseBody().replaceFirst("(?s).*\"error\":\"([^\"]*)\".*", "$1");
      System.out.println("error\t" + error.getCode() + "\t" + sentence);
    }
    // The threads of okhttp stay for a minute.
    System.exit(0);
  }
}

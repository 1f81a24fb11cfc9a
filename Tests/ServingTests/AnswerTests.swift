import Domain
import Encoding
import Testing

@testable import Serving

/// What is answered to a request, in memory and over a socket alike.
struct AnswerTests {
  private func plane() throws -> DataPlane {
    DataPlane(
      limits: PlaneLimits(), version: "1.2.3",
      table: try .serving(TestModels.line(), TestModels.sign(version: 7), broken: ["broken"]))
  }

  private func text(_ received: Received) -> String { String(decoding: received.body, as: UTF8.self) }

  @Test(
    arguments: Transport.allCases,
    [
      ("line", #"{"data":[1,2]}"#, #"{"result":5.0}"#),
      ("line", #"{"data":[[1,2],[3,4.5]]}"#, #"{"result":[5.0,12.0]}"#),
      ("line", #"{"data":{"b":2,"a":1}}"#, #"{"result":5.0}"#),
      ("line", #"{"data":[{"b":2,"a":1},[0,true]]}"#, #"{"result":[5.0,2.0]}"#),
      ("line", #"{"data":[]}"#, #"{"result":[]}"#),
      ("line", #"{"data":[1e308,1e308]}"#, #"{"result":null}"#),
      ("sign", #"{"data":[-3]}"#, #"{"result":"low"}"#),
      ("sign", #"{"data":[[0]],"method":"predict_proba"}"#, #"{"result":[[0.5,0.5]]}"#),
      ("sign", #"{"data":[0],"method":"predict_proba"}"#, #"{"result":[0.5,0.5]}"#),
    ])
  func `a prediction is answered in the form of its question`(
    transport: Transport, exchange: (model: String, body: String, answer: String)
  ) throws {
    let received = try transport.exchange(
      request("POST", "/models/\(exchange.model)/predict", key: "\(exchange.model)-key", body: exchange.body),
      with: plane())
    #expect(received.status == 200)
    #expect(text(received) == exchange.answer)
    #expect(received.fields["content-type"] == "application/json")
  }

  @Test(
    arguments: Transport.allCases,
    [
      ("", "json.malformed"), ("{", "json.malformed"), ("[1,2]", "predict.malformed"),
      ("{}", "predict.malformed"), (#"{"data":7}"#, "predict.malformed"),
      (#"{"data":[1]}"#, "predict.feature-count"), (#"{"data":[[1,2],[1]]}"#, "predict.feature-count"),
      (#"{"data":[1,"2"]}"#, "predict.not-a-number"), (#"{"data":[1,null]}"#, "predict.not-finite"),
      (#"{"data":[[1,2],3]}"#, "predict.malformed"), (#"{"data":{"a":1}}"#, "predict.feature-names"),
      (#"{"data":{"a":1,"c":1}}"#, "predict.feature-names"),
      (#"{"data":[1,2],"methd":"x"}"#, "predict.unknown-member"),
      (#"{"data":[1,2],"method":"transform"}"#, "predict.no-such-method"),
      (#"{"data":[1,2],"method":1}"#, "predict.malformed"),
    ])
  func `a body that cannot be used is refused with its reason`(
    transport: Transport, body: (text: String, code: String)
  ) throws {
    let received = try transport.exchange(
      request("POST", "/models/line/predict", key: "line-key", body: body.text), with: plane())
    #expect(received.status == 400)
    #expect(received.code == body.code)
    #expect(received.json?["error"]?.string?.isEmpty == false)
  }

  @Test func `a wrong number of features is answered with the right one and its place`() throws {
    let received = try Transport.memory.exchange(
      request("POST", "/models/line/predict", key: "line-key", body: #"{"data":[[1,2],[1,2,3]]}"#),
      with: plane())
    #expect(received.json?["error"] == "expected 2 features in each row, found 3")
    #expect(received.json?["position"] == "/data/1")
    #expect(received.json?["hint"] == "send them in this order: a, b")
  }

  @Test(
    arguments: Transport.allCases,
    [
      (String?.none, "line", 401, "key.missing"), ("wrong", "line", 401, "key.unknown"),
      ("wrong", "nothing", 401, "key.unknown"), (nil, "nothing", 401, "key.missing"),
      ("sign-key", "line", 403, "key.other-deployment"), ("line-key", "nothing", 404, "model.not-found"),
      ("line-key", "line", 200, nil), ("broken-key", "broken", 503, "model.not-ready"),
      ("line-key", "broken", 403, "key.other-deployment"),
    ] as [(String?, String, Int, String?)])
  func `a key opens its own deployment and nothing else`(
    transport: Transport, attempt: (key: String?, model: String, status: Int, code: String?)
  ) throws {
    for (method, path, body) in [
      ("POST", "/models/\(attempt.model)/predict", #"{"data":[1,2]}"#),
      ("POST", "/v2/models/\(attempt.model)/infer", TestBodies.line),
      ("GET", "/v2/models/\(attempt.model)", nil),
    ] {
      let received = try transport.exchange(
        request(method, path, key: attempt.key, body: body), with: plane())
      #expect(received.status == attempt.status, "\(method) \(path)")
      #expect(received.code == attempt.code)
      #expect((received.fields["www-authenticate"] != nil) == (attempt.status == 401))
      #expect((received.fields["retry-after"] != nil) == (attempt.status == 503))
    }
  }

  @Test func `why a model is not ready is not told to callers`() throws {
    let received = try Transport.memory.exchange(
      request("POST", "/models/broken/predict", key: "broken-key", body: "{}"), with: plane())
    #expect(!text(received).contains("secret"))
  }

  @Test(
    arguments: Transport.allCases,
    [
      ("GET", "/", 404), ("GET", "/v2/health/livex", 404), ("POST", "/models/line", 404),
      ("POST", "/models/line/predict/", 404), ("POST", "/v2/models/line/versions/", 404),
      ("GET", "/models/line/predict", 405), ("DELETE", "/v2/models/line/infer", 405), ("POST", "/v2", 405),
      ("GET", "/v2", 200), ("GET", "/v2/", 200), ("GET", "/v2?x=1", 200),
      ("GET", "/v2/health/live", 200), ("GET", "/v2/health/ready", 503),
      ("GET", "/v2/models/line/ready", 200),
      ("GET", "/v2/models/line/versions/1/ready", 200), ("GET", "/v2/models/line/versions/2/ready", 404),
      ("GET", "/v2/models/broken/ready", 503),
    ])
  func `a route answers its method and no other`(
    transport: Transport, attempt: (method: String, path: String, status: Int)
  ) throws {
    let received = try transport.exchange(request(attempt.method, attempt.path), with: plane())
    #expect(received.status == attempt.status)
    #expect((received.fields["allow"] != nil) == (attempt.status == 405))
    #expect((received.json?["error"]?.string != nil) == (attempt.status != 200))
  }

  @Test(arguments: [Transport.memory, .live, .secure])
  func `a target that is a whole address is answered as its path is`(transport: Transport) throws {
    #expect(try transport.exchange(request("GET", "http://test/v2"), with: plane()).status == 200)
  }

  @Test func `health is ready when every model is`() throws {
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()))
    #expect(
      text(try Transport.memory.exchange(request("GET", "/v2/health/ready"), with: plane))
        == #"{"ready":true}"#)
    plane.startDraining()
    #expect(
      try Transport.memory.exchange(request("GET", "/v2/health/ready"), with: plane).code == "plane.draining")
  }

  @Test func `a plane of one model answers without its name`() throws {
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()))
    let body = request("POST", "/predict", key: "line-key", body: #"{"data":[1,2]}"#)
    #expect(text(try Transport.memory.exchange(body, with: plane)) == #"{"result":5.0}"#)
    #expect(try Transport.memory.exchange(body, with: self.plane()).status != 200)
  }

  @Test func `a model describes itself as the protocol has it`() throws {
    let received = try Transport.memory.exchange(
      request("GET", "/v2/models/sign", key: "sign-key"), with: plane())
    #expect(
      text(received)
        == #"{"inputs":[{"datatype":"FP64","name":"input","shape":[-1,1]}],"name":"sign","outputs":["#
        + #"{"datatype":"BYTES","name":"predict","shape":[-1]},"#
        + #"{"datatype":"FP64","name":"predict_proba","shape":[-1,2]},"#
        + #"{"datatype":"FP64","name":"decision_function","shape":[-1]}],"#
        + #""platform":"scikit-learn 1.9.1","versions":["7"]}"#)
  }

  @Test func `HEAD is answered like GET without the body`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try server.connect()
    try client.send(request("HEAD", "/v2") + request("GET", "/v2"))
    let head = try client.receive(isHead: true)
    let get = try client.receive()
    #expect(head.fields["content-length"] == get.fields["content-length"])
    #expect(get.json?["name"] == "gatehouse")
  }
}

enum TestBodies {
  static let line = #"{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP64","data":[1,2]}]}"#
}

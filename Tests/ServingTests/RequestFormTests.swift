import CZlib
import Domain
import Encoding
import ModelGraph
import Testing

@testable import Serving

/// The forms in which rows may come, and answers go, beside the plain one.
struct RequestFormTests {
  private func exchange(
    _ path: String, _ body: [UInt8], key: String = "line-key", fields: [String] = [],
    over transport: Transport = .memory
  ) throws -> Received {
    let plane = DataPlane(
      limits: PlaneLimits(), version: "1",
      table: try .serving(TestModels.line(), TestModels.sign(), TestModels.colour()))
    let head = request(
      "POST", path, key: key, fields: fields + ["Content-Length: \(body.count)"])
    return try #require(transport.exchange(Array(head.utf8) + body, with: plane).first)
  }

  private func answer(_ path: String, _ body: String, key: String = "line-key") throws -> String {
    String(decoding: try exchange(path, Array(body.utf8), key: key).body, as: UTF8.self)
  }

  // MARK: Rows

  @Test(arguments: [
    #"{"dataframe_split":{"columns":["b","a"],"index":[7,8],"data":[[2,1],[4,3]]}}"#,
    #"{"dataframe_split":{"data":[[2,1],[4,3]],"columns":["b","a"]}}"#,
    #"{"dataframe_records":[{"a":1,"b":2},{"b":4,"a":3}]}"#, #"{"instances":[[1,2],[3,4]]}"#,
    #"{"inputs":{"b":[2,4],"a":[1,3]}}"#, #"{"inputs":[[1,2],[3,4]],"params":{"method":"predict"}}"#,
  ])
  func `rows come as pandas and MLflow write them`(body: String) throws {
    #expect(try answer("/models/line/predict", body) == #"{"result":[5.0,11.0]}"#)
    #expect(try answer("/models/line/invocations", body) == #"{"predictions":[5.0,11.0]}"#)
  }

  @Test func `one row sent to MLflow's route is answered as a list`() throws {
    #expect(try answer("/models/line/invocations", #"{"instances":[1,2]}"#) == #"{"predictions":[5.0]}"#)
  }

  @Test(arguments: ["b,a\n2,1\n4,3\n", "1,2\n3,4"])
  func `rows come in comma-separated values`(body: String) throws {
    let received = try exchange(
      "/models/line/invocations", Array(body.utf8), fields: ["Content-Type: text/csv; charset=utf-8"])
    #expect(String(decoding: received.body, as: UTF8.self) == #"{"predictions":[5.0,11.0]}"#)
  }

  @Test(arguments: [
    (
      #"{"dataframe_split":{"columns":["a"],"data":[[1]]}}"#, "predict.feature-names", "/dataframe_split/data"
    ),
    (
      #"{"dataframe_split":{"columns":["a","a"],"data":[[1,2]]}}"#, "predict.feature-names",
      "/dataframe_split/data"
    ),
    (
      #"{"dataframe_split":{"columns":["a","x"],"data":[[1,2]]}}"#, "predict.feature-names",
      "/dataframe_split/data"
    ),
    (#"{"dataframe_split":{"data":[[1,2]]}}"#, "predict.malformed", "/dataframe_split"),
    (#"{"dataframe_split":{"columns":["a","b"]}}"#, "predict.malformed", "/dataframe_split"),
    (#"{"dataframe_split":[]}"#, "predict.malformed", "/dataframe_split"),
    (
      #"{"dataframe_split":{"columns":["a","b"],"data":[[1,2,3]]}}"#, "predict.feature-count",
      "/dataframe_split/data/0"
    ),
    (#"{"inputs":{"a":[1],"b":[1,2]}}"#, "predict.malformed", "/inputs/b"),
    (#"{"inputs":{"a":[1]}}"#, "predict.feature-names", "/inputs"),
    (#"{"inputs":{"a":[1],"b":["x"]}}"#, "predict.not-a-number", "/inputs/b/0"),
    (#"{"data":[1,2],"instances":[1,2]}"#, "predict.malformed", "/instances"),
    (#"{"data":[1,2],"params":{"x":1}}"#, "predict.unknown-member", "/params/x"),
    (#"{"data":[1,2],"data":[1,2]}"#, "json.malformed", "byte 14"),
    (#"{"data":{"a":1,"b":2,"a":3}}"#, "json.malformed", "byte 21"),
    (#"{"data":[1,2]} x"#, "json.malformed", "byte 15"),
  ])
  func `rows that do not fit are refused with their place`(
    body: String, code: String, position: String
  ) throws {
    let received = try exchange("/models/line/predict", Array(body.utf8))
    #expect(received.status == 400)
    #expect(received.code == code)
    #expect(received.json?["position"]?.string == position)
  }

  @Test func `texts stand beside numbers, in rows and as tensors of their own`() throws {
    #expect(
      try answer("/models/colour/predict", #"{"data":[["red",1],["blue",2]]}"#, key: "colour-key")
        == #"{"result":[11.0,22.0]}"#)
    let tensors =
      #"{"name":"size","shape":[2,1],"datatype":"INT32","data":[1,2]},"#
      + #"{"name":"colour","shape":[2],"datatype":"BYTES","data":["red","blue"]}"#
    let received = try exchange(
      "/v2/models/colour/infer", Array(#"{"inputs":[\#(tensors)]}"#.utf8), key: "colour-key")
    #expect(received.json?["outputs"]?.array?.first?["data"] == [.number(11), .number(22)])
  }

  @Test(arguments: [
    (#"{"name":"colour","shape":[1],"datatype":"BYTES","data":["red"]}"#, "/inputs"),
    (
      #"{"name":"colour","shape":[1],"datatype":"BYTES","data":["red"]},"#
        + #"{"name":"size","shape":[2],"datatype":"FP64","data":[1,2]}"#, "/inputs/1/shape/0"
    ),
    (
      #"{"name":"colour","shape":[1],"datatype":"FP64","data":[1]},"#
        + #"{"name":"size","shape":[1],"datatype":"FP64","data":[1]}"#, "/inputs/0/datatype"
    ),
    (
      #"{"name":"size","shape":[1],"datatype":"FP64","data":[1]},"#
        + #"{"name":"size","shape":[1],"datatype":"FP64","data":[1]}"#, "/inputs/1/name"
    ),
    (#"{"name":"shape","shape":[1],"datatype":"FP64","data":[1]}"#, "/inputs/0/name"),
  ])
  func `tensors that are not the model's are refused with their place`(
    tensors: String, position: String
  ) throws {
    let received = try exchange(
      "/v2/models/colour/infer", Array(#"{"inputs":[\#(tensors)]}"#.utf8), key: "colour-key")
    #expect(received.code == "infer.malformed")
    #expect(received.json?["position"]?.string == position)
  }

  @Test func `data may come before what describes it`() throws {
    let body = #"{"inputs":[{"data":[[1,2]],"datatype":"FP32","name":"input","shape":[1,2]}]}"#
    let received = try exchange("/v2/models/line/infer", Array(body.utf8))
    #expect(received.json?["outputs"]?.array?.first?["data"] == [.number(5)])
  }

  @Test func `what Python writes for a missing number is one`() throws {
    for (body, code) in [
      (#"{"data":[1,NaN]}"#, "predict.not-finite"), (#"{"data":[1,Infinity]}"#, "predict.not-finite"),
    ] {
      #expect(try exchange("/models/line/predict", Array(body.utf8)).code == code)
    }
    let tensor = #"{"inputs":[{"name":"input","shape":[1,1],"datatype":"FP32","data":[-Infinity]}]}"#
    let received = try exchange("/v2/models/sign/infer", Array(tensor.utf8), key: "sign-key")
    #expect(received.json?["outputs"]?.array?.first?["data"] == ["low"])
  }

  // MARK: Binary tensors

  private func binary(
    _ json: String, _ data: [UInt8], key: String = "line-key", model: String = "line", header: String? = nil
  ) throws -> Received {
    try exchange(
      "/v2/models/\(model)/infer", Array(json.utf8) + data, key: key,
      fields: ["Inference-Header-Content-Length: \(header ?? String(json.utf8.count))"])
  }

  private func input(_ datatype: String, _ size: Int, shape: String = "[1,2]") -> String {
    #"{"inputs":[{"name":"input","shape":\#(shape),"datatype":"\#(datatype)","#
      + #""parameters":{"binary_data_size":\#(size)}}]}"#
  }

  @Test(
    arguments: [
      ("BOOL", [1, 0], 1), ("UINT8", [200, 1], 202), ("INT8", [0xFF, 1], 1), ("UINT16", [0, 1, 1, 0], 258),
      ("INT16", [0xFE, 0xFF, 1, 0], 0), ("UINT32", [0, 0, 1, 0, 0, 0, 0, 0], 65536),
      ("INT32", [0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0], 1),
      ("UINT64", [7, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 8), 7),
      ("INT64", [UInt8](repeating: 0xFF, count: 8) + [UInt8](repeating: 0, count: 8), -1),
      ("FP16", [0, 0x3C, 0, 0x40], 5), ("BF16", [0x80, 0x3F, 0, 0x40], 5),
      ("FP32", [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40], 5),
      ("FP64", [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0x40], 5),
    ] as [(String, [UInt8], Double)])
  func `every numeric datatype is taken in binary`(datatype: String, data: [UInt8], sum: Double) throws {
    let received = try binary(input(datatype, data.count), data)
    #expect(received.json?["outputs"]?.array?.first?["data"] == [.number(sum)])
  }

  @Test func `texts are taken in binary`() throws {
    let json =
      #"{"inputs":[{"name":"colour","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":15}},"#
      + #"{"name":"size","shape":[2],"datatype":"UINT8","parameters":{"binary_data_size":2}}]}"#
    let texts: [UInt8] = [3, 0, 0, 0] + Array("red".utf8) + [4, 0, 0, 0] + Array("blue".utf8)
    let received = try binary(json, texts + [1, 2], key: "colour-key", model: "colour")
    #expect(received.json?["outputs"]?.array?.first?["data"] == [.number(11), .number(22)])
  }

  @Test func `outputs go out in binary where the caller asks for it`() throws {
    let json =
      #"{"inputs":[{"name":"input","shape":[1,1],"datatype":"FP64","data":[0]}],"parameters":{"#
      + #""binary_data_output":true},"outputs":[{"name":"predict_proba"},{"name":"decision_function","#
      + #""parameters":{"binary_data":false}},{"name":"predict"}]}"#
    let received = try exchange("/v2/models/sign/infer", Array(json.utf8), key: "sign-key")
    let length = try #require(received.fields["inference-header-content-length"].flatMap { Int($0) })
    #expect(received.fields["content-type"] == "application/octet-stream")
    let outputs = try #require(try JSON(parsing: received.body[..<length])["outputs"]?.array)
    #expect(outputs.map { $0["parameters"]?["binary_data_size"] } == [16, nil, 7])
    #expect(outputs[1]["data"] == [.number(0)])
    let half: [UInt8] = [0, 0, 0, 0, 0, 0, 0xE0, 0x3F]
    #expect(Array(received.body[length...]) == half + half + [3, 0, 0, 0] + Array("low".utf8))
  }

  @Test func `a body of data alone is the model's one input`() throws {
    let one: [UInt8] = [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]
    let received = try binary("", one + one + one + one)
    #expect(received.json?["outputs"]?.array?.first?["data"] == [.number(3), .number(3)])
    #expect(try binary("", one).code == "infer.malformed")
    #expect(try binary("", one + one, key: "colour-key", model: "colour").code == "infer.malformed")
  }

  @Test(arguments: ["-1", "+1", "1e2", "", "99999999999999999999", "0x10"])
  func `a length of the JSON that is none is refused`(header: String) throws {
    let received = try binary(input("UINT8", 2), [1, 2], header: header)
    #expect(received.code == "request.inference-header")
    #expect(received.status == 400)
  }

  @Test func `binary data that does not fit its description is refused`() throws {
    #expect(try binary(input("UINT8", 2), [1]).code == "infer.malformed")
    #expect(try binary(input("UINT8", 2), [1, 2, 3]).code == "infer.malformed")
    #expect(try binary(input("UINT8", 3), [1, 2, 3]).code == "infer.malformed")
    #expect(try binary(input("UINT8", -1), []).code == "infer.malformed")
    #expect(try binary(input("BOOL", 2), [1, 2]).code == "infer.element")
    #expect(
      try binary(input("UINT64", 16), [UInt8](repeating: 0xFF, count: 16)).code == "infer.element")
    #expect(
      try binary(input("UINT8", 2, shape: "[4611686018427387904,2]"), [1, 2]).code == "infer.malformed")
    #expect(try binary(input("UINT8", 2), [1, 2], header: "99999").code == "infer.malformed")
    for texts in [[255, 255, 255, 255], [1, 0, 0], [1, 0, 0, 0, 0xFF], [0, 0, 0, 0, 0, 0, 0, 0]] as [[UInt8]]
    {
      let json =
        #"{"inputs":[{"name":"colour","shape":[1],"datatype":"BYTES","parameters":"#
        + #"{"binary_data_size":\#(texts.count)}},{"name":"size","shape":[1],"datatype":"FP64","data":[1]}]}"#
      #expect(try binary(json, texts, key: "colour-key", model: "colour").status == 400)
    }
  }

  // MARK: Compression

  @Test(arguments: [("gzip", CInt(31)), ("x-gzip", 31), ("deflate", 15), ("deflate", -15)])
  func `a compressed body is unpacked`(coding: String, window: CInt) throws {
    let body = deflated(Array(#"{"data":[1,2]}"#.utf8), window: window)
    let received = try exchange(
      "/models/line/predict", body, fields: ["Content-Encoding: \(coding)"], over: .live)
    #expect(String(decoding: received.body, as: UTF8.self) == #"{"result":5.0}"#)
  }

  @Test func `a body of gzip may have several members`() throws {
    let parts = [#"{"data""#, "", ":[1,2]}"].flatMap { deflated(Array($0.utf8), window: 31) }
    let received = try exchange(
      "/models/line/predict", parts, fields: ["Content-Encoding: gzip"], over: .live)
    #expect(String(decoding: received.body, as: UTF8.self) == #"{"result":5.0}"#)
    let other = deflated(Array(#"{"data":"#.utf8), window: 15) + deflated(Array("[1,2]}".utf8), window: 15)
    let refused = try exchange(
      "/models/line/predict", other, fields: ["Content-Encoding: deflate"], over: .live)
    #expect(refused.code == "request.content-encoding")
  }

  @Test func `a body that is not what its coding says is refused`() throws {
    let body = deflated(Array(#"{"data":[1,2]}"#.utf8), window: 31)
    for damaged in [Array(body.dropLast(9)), body + [0], [1, 2, 3], []] {
      let received = try exchange(
        "/models/line/predict", damaged, fields: ["Content-Encoding: gzip"], over: .live)
      #expect(received.code == "request.content-encoding")
    }
    #expect(
      try exchange("/models/line/predict", body, fields: ["Content-Encoding: br"]).code
        == "request.content-encoding")
  }

  @Test func `a small body that unpacks to more than is taken is refused`() throws {
    let bomb = deflated([UInt8](repeating: 0x20, count: 17 << 20), window: 31)
    #expect(bomb.count < 20_000)
    let received = try exchange(
      "/models/line/predict", bomb, fields: ["Content-Encoding: gzip"], over: .live)
    #expect(received.status == 413)
    #expect(received.code == "request.body-too-large")
  }
}

/// The bytes as zlib packs them: `window` 31 for gzip, 15 for its own wrapping, negative for none.
func deflated(_ bytes: [UInt8], window: CInt) -> [UInt8] {
  var stream = unsafe z_stream()
  unsafe deflateInit2_(
    &stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
  defer { unsafe deflateEnd(&stream) }
  var source = bytes
  var target = [UInt8](repeating: 0, count: bytes.count + 1024)
  let count = unsafe source.withUnsafeMutableBufferPointer { source in
    unsafe target.withUnsafeMutableBufferPointer { target in
      unsafe stream.next_in = source.baseAddress
      unsafe stream.avail_in = UInt32(source.count)
      unsafe stream.next_out = target.baseAddress
      unsafe stream.avail_out = UInt32(target.count)
      _ = unsafe deflate(&stream, Z_FINISH)
      return unsafe target.count - Int(stream.avail_out)
    }
  }
  return Array(target[..<count])
}

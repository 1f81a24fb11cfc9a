import Encoding
import TestKit
import Testing

@testable import Artifacts

@Suite struct XGBoostTests {
  private static let folder = "corpus/trees"

  @Test(arguments: ["json", "ubj", "bin"])
  func `every model that XGBoost wrote is read whole, tree by tree`(suffix: String) throws {
    let names = try Fixtures.names(in: Self.folder).filter {
      $0.hasPrefix("honest-xgboost") && $0.hasSuffix(suffix)
    }
    #expect(names.count >= 4)
    for name in names {
      let bytes = try Fixtures.bytes("\(Self.folder)/\(name)")
      let model = try #require(XGBoostModel.readHandle(bytes[...]), "\(name)")
      #expect(model.hasBooster && model.faults.isEmpty, "\(name): \(model.faults)")
      #expect(model.treeCount > 0 || name.contains("linear"), "\(name)")
    }
  }

  @Test(arguments: ["json", "ubj", "bin"])
  func `a model cut anywhere is damaged and not sound`(suffix: String) throws {
    let names = try Fixtures.names(in: Self.folder).filter {
      $0.hasPrefix("honest-xgboost") && $0.hasSuffix("dart.\(suffix)")
    }
    let bytes = try Fixtures.bytes("\(Self.folder)/\(try #require(names.last))")
    let form = try #require(XGBoostModel.form(of: bytes[...]))
    // Behind the trees, the binary form holds attributes and metrics that nobody follows.
    let end = suffix == "bin" ? bytes.count - 200 : bytes.count - 2
    for count in stride(from: 1, to: end, by: 7) {
      let model = XGBoostModel.read(bytes[..<count], as: form)
      #expect(model.faults.contains { $0.kind == .damage }, "\(count) of \(bytes.count)")
      #expect(!model.faults.contains { $0.kind == .structure }, "\(count) of \(bytes.count)")
    }
  }

  @Test func `any single byte of a model may change, and reading it ends`() throws {
    for suffix in ["3.2-vectors.ubj", "1.7-dart.bin", "3.2-categories.json"] {
      var bytes = try Fixtures.bytes("\(Self.folder)/honest-xgboost-\(suffix)")
      let form = try #require(XGBoostModel.form(of: bytes[...]))
      var generator = SeededGenerator(seed: 11)
      for _ in 0..<400 {
        let place = Int.random(in: bytes.indices, using: &generator)
        let before = bytes[place]
        bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
        _ = XGBoostModel.read(bytes[...], as: form)
        bytes[place] = before
      }
    }
  }

  @Test func `an array says how many numbers it holds before any memory is taken`() {
    let bytes: [UInt8] =
      Array("{L".utf8) + Int64(1).bigEndianBytes + Array("a[$l#L".utf8)
      + Int64.max.bigEndianBytes
    var cursor = UBJSONCursor(bytes[...])
    #expect(throws: MalformedBytes.self) {
      while try cursor.next() != .end {}
    }
  }

  @Test func `values that take no bytes cannot be counted by the million`() {
    for type in ["Z", "T", "F", "N", "[", "{"] {
      var cursor = UBJSONCursor(Array("[$\(type)#U\u{7}".utf8)[...])
      #expect(throws: MalformedBytes.self) { try cursor.skipValue() }
    }
  }
}

@Suite struct LightGBMTests {
  @Test func `a last feature past every count is a fault, and the trees are read all the same`() throws {
    let honest = try Fixtures.bytes("corpus/trees/honest-lightgbm-4.6-binary.txt")
    let lines = honest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
      line.starts(with: "max_feature_idx=".utf8) ? Array("max_feature_idx=\(Int64.max)".utf8)[...] : line
    }
    let model = LightGBMModel.read(Array(lines.joined(separator: [UInt8(ascii: "\n")]))[...])
    #expect(model.faults.contains { $0.message.contains("max_feature_idx from 0 to 2147483646") })
    #expect(model.treeCount == LightGBMModel.read(honest[...]).treeCount)
  }

  @Test func `every model that LightGBM wrote is read whole`() throws {
    let names = try Fixtures.names(in: "corpus/trees").filter {
      $0.hasPrefix("honest-lightgbm") && $0.hasSuffix("txt")
    }
    #expect(names.count >= 8)
    for name in names {
      let bytes = try Fixtures.bytes("corpus/trees/\(name)")
      #expect(LightGBMModel.begins(bytes[...]))
      let model = LightGBMModel.read(bytes[...])
      #expect(model.faults.isEmpty && model.treeCount > 0, "\(name): \(model.faults)")
    }
  }

  @Test func `a leaf that is reached twice is named as a leaf`() throws {
    let bytes = try Fixtures.bytes("corpus/trees/lightgbm-shared-leaf.txt")
    let fault = try #require(LightGBMModel.read(bytes[...]).faults.first)
    #expect(
      fault.message
        == "expected leaf 1 of tree 1 to be the child of one node, found it below node 1 and node 1")
    #expect(fault.kind == .structure)
  }

  @Test func `any single byte of a model may change, and reading it ends`() throws {
    var bytes = try Fixtures.bytes("corpus/trees/honest-lightgbm-4.6-categories.txt")
    var generator = SeededGenerator(seed: 12)
    for _ in 0..<400 {
      let place = Int.random(in: bytes.indices, using: &generator)
      let before = bytes[place]
      bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
      _ = LightGBMModel.read(bytes[...])
      bytes[place] = before
    }
  }
}

extension Int64 {
  fileprivate var bigEndianBytes: [UInt8] { byteSwapped.littleEndianBytes }
}

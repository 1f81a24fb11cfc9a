/// How sure a format is that some bytes are its own.
enum FormatClaim {
  /// They begin or end as nothing else does.
  case certain
  /// They begin as it may begin; reading on will tell.
  case possible
}

/// A format that inspection knows: how to recognise it, and what there is to say about it.
protocol InspectedFormat: SendableMetatype {
  /// The name that reports give it.
  static var name: String { get }

  /// Whether bytes are of this format, by their content; looks at a bounded part of them.
  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim?

  /// Reads the bytes, tells `walk` what there is to say, and hands it what is inside.
  ///
  /// Nil where the bytes turn out to be something else; whatever was said is then forgotten.
  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected?
}

/// A format as a value.
struct KnownFormat: Sendable {
  let name: String
  let claim: @Sendable (ArraySlice<UInt8>) -> FormatClaim?
  let inspect: @Sendable (Subject, inout InspectionWalk) -> Inspected?

  init<Format: InspectedFormat>(_ format: Format.Type) {
    name = Format.name
    claim = { Format.claim($0) }
    inspect = { Format.inspect($0, in: &$1) }
  }
}

extension KnownFormat {
  /// Every format; of those that are only possible the first that accepts the bytes has them.
  static let all: [KnownFormat] = [
    KnownFormat(NumPyFormat.self),
    KnownFormat(CompressedFormat.self),
    KnownFormat(ZipFormat.self),
    KnownFormat(HDF5Format.self),
    KnownFormat(SafetensorsFormat.self),
    KnownFormat(GGUFFormat.self),
    KnownFormat(XGBoostFormat.self),
    KnownFormat(LightGBMFormat.self),
    KnownFormat(CatBoostFormat.self),
    KnownFormat(TorchLegacyFormat.self),
    KnownFormat(ProgramFormat.self),
    KnownFormat(UnreadFormat.self),
    KnownFormat(ONNXFormat.self),
    KnownFormat(TensorFlowFormat.self),
    KnownFormat(CheckpointIndexFormat.self),
    KnownFormat(TensorFlowLiteFormat.self),
    KnownFormat(PickleFormat.self),
    KnownFormat(TarFormat.self),
    KnownFormat(JSONFormat.self),
    KnownFormat(XMLFormat.self),
    KnownFormat(TemplateFormat.self),
    KnownFormat(YAMLFormat.self),
    KnownFormat(TextFormat.self),
  ]
}

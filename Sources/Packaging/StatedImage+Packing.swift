public import Domain
public import Provenance
public import Statements

extension StatedImage {
  /// States what an image is that was packed just now.
  ///
  /// `name` is what statements call it, `tool` what packed it, `build` the record of the program's build where there is one.
  /// Throws what statements ask of bundles and of the record.
  public init(
    _ image: ServingImage, named name: String, of bundles: [SealedBundle], with program: PackedProgram,
    build: ProgramBuild?, tool: String
  ) throws(Problem) {
    try self.init(
      name: name, manifest: image.manifest.descriptor.digest, program: program.program, build: build,
      tool: tool,
      bundles: try Self.stated(bundles))
  }

  /// States what an image is that was taken apart; `bundles` are its bundles, their seals verified.
  ///
  /// Throws what statements ask of bundles and of the record.
  public init(
    _ opened: OpenedImage, named name: String, of bundles: [SealedBundle], build: ProgramBuild? = nil
  ) throws(Problem) {
    try self.init(
      opened.image, named: name, of: bundles, with: opened.program, build: build, tool: opened.tool)
  }

  private static func stated(_ bundles: [SealedBundle]) throws(Problem) -> [StatedBundle] {
    var stated: [StatedBundle] = []
    for bundle in bundles { stated.append(try StatedBundle(bundle.contents)) }
    return stated
  }
}

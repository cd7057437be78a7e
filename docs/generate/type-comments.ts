import ts from 'typescript';

/** A type of the sources with the doc comments of its fields. */
export class CommentedType {
  readonly #checker: ts.TypeChecker;
  readonly #type: ts.Type;
  /** The field's doc comment; empty without one. */
  readonly comment: string;
  /** What the comment gives as the default; empty without one. */
  readonly defaultComment: string;
  /** The doc comment of the schema that the field is declared by: of `imageSchema` in `image: imageSchema`. */
  readonly schemaComment: string;

  private constructor(checker: ts.TypeChecker, type: ts.Type, symbol?: ts.Symbol) {
    this.#checker = checker;
    this.#type = checker.getNonNullableType(type);
    this.comment = this.#commentOf(symbol);
    const tag = symbol?.getJsDocTags(checker).find(({ name }) => name === 'default');
    this.defaultComment = ts.displayPartsToString(tag?.text).trim();
    this.schemaComment = this.#commentOf(symbol && this.#schemaOf(symbol));
  }

  /** Opens an exported type of a file. */
  static open(file: string, name: string): CommentedType {
    const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
      config: { compilerOptions: unknown };
    };
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.');
    const program = ts.createProgram([file], options);
    const checker = program.getTypeChecker();
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    const symbol = module?.exports?.get(ts.escapeLeadingUnderscores(name));
    if (symbol === undefined) throw new Error(`${file} exports no ${name}.`);
    return new CommentedType(checker, checker.getDeclaredTypeOfSymbol(symbol));
  }

  /** The type of a field. */
  field(name: string): CommentedType {
    const symbol = this.#type.getProperty(name);
    if (symbol === undefined) throw new Error(`The type has no field ${name}.`);
    return new CommentedType(this.#checker, this.#checker.getTypeOfSymbol(symbol), symbol);
  }

  /** The type of a list's elements. */
  element(): CommentedType {
    const type = this.#checker.getIndexTypeOfType(this.#type, ts.IndexKind.Number);
    if (type === undefined) throw new Error('The type is not a list.');
    return new CommentedType(this.#checker, type);
  }

  /** The member of a union with this `kind`. */
  variant(kind: string): CommentedType {
    const members = this.#type.isUnion() ? this.#type.types : [];
    const found = members.find((member) => {
      const symbol = member.getProperty('kind');
      const type = symbol && this.#checker.getTypeOfSymbol(symbol);
      return type?.isStringLiteral() === true && type.value === kind;
    });
    if (found === undefined) throw new Error(`The type has no variant of kind ${kind}.`);
    return new CommentedType(this.#checker, found);
  }

  /** The constant whose value declares a field. */
  #schemaOf({ declarations: [declaration] = [] }: ts.Symbol): ts.Symbol | undefined {
    let value: ts.Symbol | undefined;
    if (declaration && ts.isShorthandPropertyAssignment(declaration)) {
      value = this.#checker.getShorthandAssignmentValueSymbol(declaration);
    } else if (declaration && ts.isPropertyAssignment(declaration)) {
      value = this.#checker.getSymbolAtLocation(declaration.initializer);
    }
    if (value === undefined || (value.flags & ts.SymbolFlags.Alias) === 0) return value;
    return this.#checker.getAliasedSymbol(value);
  }

  #commentOf(symbol: ts.Symbol | undefined): string {
    const text = ts.displayPartsToString(symbol?.getDocumentationComment(this.#checker));
    return text.replaceAll(/\s+/g, ' ').trim();
  }
}

//! `#[derive(Arguments)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, ExprUnary, Field, Fields, Lit, LitStr, Result, Token, UnOp,
    bracketed, meta::ParseNestedMeta, parenthesized, parse::ParseStream, punctuated::Punctuated, spanned::Spanned,
    token,
};

use crate::documentation;

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(input, "Arguments can be derived for a struct only"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(input, "the fields of an argument struct have names"));
    };
    let name = &input.ident;
    let doc = documentation(&input.attrs);
    let rules = Rules::read(&input.attrs)?.tokens();

    let mut parts = Vec::new();
    let mut own = Vec::new();
    let mut readers = Vec::new();
    let mut checks = Vec::new();
    for field in &fields.named {
        let (ident, kind) = (&field.ident, &field.ty);
        let option = FieldOption::read(field)?;
        if option.flatten {
            if !own.is_empty() {
                let part = std::mem::take(&mut own);
                parts.push(quote!(&[#(#part),*]));
            }
            parts.push(quote!(<#kind as ::protocol::arguments::Arguments>::OPTIONS));
            readers.push(quote!(#ident: <#kind as ::protocol::arguments::Arguments>::from_map(map)?));
        } else {
            let option_name = &option.name;
            own.push(option.tokens(field));
            readers.push(quote!(#ident: ::protocol::arguments::take::<#kind>(map, #option_name)?));
            if !option.required && option.default.is_none() {
                let message =
                    format!("option {option_name} needs `required`, a `default`, or a type that may be absent");
                checks.push(quote! {
                    const _: () = ::core::assert!(<#kind as ::protocol::arguments::Argument>::OPTIONAL, #message);
                });
            }
        }
    }
    if !own.is_empty() {
        parts.push(quote!(&[#(#own),*]));
    }

    Ok(quote! {
        #(#checks)*

        impl ::protocol::arguments::Arguments for #name {
            const DOC: &'static str = #doc;
            const OPTIONS: &'static [::protocol::arguments::OptionSpec] = {
                const PARTS: &[&[::protocol::arguments::OptionSpec]] = &[#(#parts),*];
                const ALL: [::protocol::arguments::OptionSpec; ::protocol::arguments::count_options(PARTS)] =
                    ::protocol::arguments::join_options(PARTS);
                &ALL
            };
            const RULES: ::protocol::arguments::Rules = #rules;

            fn from_map(
                map: &mut ::protocol::Map,
            ) -> ::core::result::Result<Self, ::protocol::arguments::ArgumentValueError> {
                ::core::result::Result::Ok(Self { #(#readers),* })
            }
        }

        impl ::protocol::arguments::Argument for #name {
            const KIND: ::protocol::arguments::Kind = ::protocol::arguments::Kind::Dict;
            const OPTIONS: &'static [::protocol::arguments::OptionSpec] =
                <Self as ::protocol::arguments::Arguments>::OPTIONS;
            const RULES: ::protocol::arguments::Rules = <Self as ::protocol::arguments::Arguments>::RULES;

            fn from_data(value: ::protocol::Data) -> ::core::option::Option<Self> {
                match value {
                    ::protocol::Data::Map(mut map) => {
                        <Self as ::protocol::arguments::Arguments>::from_map(&mut map).ok()
                    }
                    _ => ::core::option::Option::None,
                }
            }
        }
    })
}

/// What stands in a field's `#[arg(...)]`.
struct FieldOption {
    name: String,
    aliases: Vec<String>,
    choices: Vec<String>,
    kind: Option<TokenStream>,
    default: Option<TokenStream>,
    required: bool,
    no_log: bool,
    apply_defaults: bool,
    flatten: bool,
    internal: bool,
}

impl FieldOption {
    fn read(field: &Field) -> Result<Self> {
        let ident = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut option = Self {
            name: ident.strip_prefix("r#").unwrap_or(&ident).to_owned(),
            aliases: Vec::new(),
            choices: Vec::new(),
            kind: None,
            default: None,
            required: false,
            no_log: false,
            apply_defaults: false,
            flatten: false,
            internal: false,
        };
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("arg")) {
            attribute.parse_nested_meta(|meta| option.word(&meta))?;
        }
        if option.required && option.default.is_some() {
            return Err(Error::new_spanned(field, "an option with a default is not required"));
        }
        if !option.flatten && documentation(&field.attrs).is_empty() {
            return Err(Error::new_spanned(field, "an option is documented"));
        }
        Ok(option)
    }

    fn word(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match word.as_str() {
            "required" => self.required = true,
            "no_log" => self.no_log = true,
            "flatten" => self.flatten = true,
            "internal" => self.internal = true,
            "apply_defaults" => self.apply_defaults = true,
            "aliases" => self.aliases = texts(meta)?,
            "choices" => self.choices = texts(meta)?,
            "rename" => self.name = meta.value()?.parse::<LitStr>()?.value(),
            "kind" => self.kind = Some(kind(&meta.value()?.parse()?)?),
            "default" => self.default = Some(default(meta.value()?)?),
            _ => return Err(meta.error("no such word for an option")),
        }
        Ok(())
    }

    fn tokens(&self, field: &Field) -> TokenStream {
        let Self { name, aliases, required, no_log, apply_defaults, internal, .. } = self;
        let rust = &field.ty;
        let argument = quote!(<#rust as ::protocol::arguments::Argument>);
        let doc = documentation(&field.attrs);
        let kind = self.kind.clone().unwrap_or_else(|| quote!(#argument::KIND));
        let choices = match self.choices.as_slice() {
            [] => quote!(#argument::CHOICES),
            choices => quote!(&[#(#choices),*]),
        };
        let default = match &self.default {
            None => quote!(::core::option::Option::None),
            Some(default) => quote!(::core::option::Option::Some(#default)),
        };
        quote! {
            ::protocol::arguments::OptionSpec {
                name: #name,
                aliases: &[#(#aliases),*],
                doc: ::protocol::arguments::documentation(#doc),
                kind: #kind,
                elements: #argument::ELEMENTS,
                required: #required,
                default: #default,
                choices: #choices,
                no_log: #no_log,
                options: #argument::OPTIONS,
                rules: #argument::RULES,
                apply_defaults: #apply_defaults,
                internal: #internal,
            }
        }
    }
}

fn texts(meta: &ParseNestedMeta<'_>) -> Result<Vec<String>> {
    let content;
    parenthesized!(content in meta.input);
    Ok(Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?.iter().map(LitStr::value).collect())
}

fn kind(word: &LitStr) -> Result<TokenStream> {
    let variant = match word.value().as_str() {
        "str" => quote!(Str),
        "raw" => quote!(Raw),
        "json" => quote!(Json),
        "jsonarg" => quote!(JsonArg),
        "bytes" => quote!(Bytes),
        "bits" => quote!(Bits),
        "path" => quote!(Path),
        "int" => quote!(Int),
        _ => return Err(Error::new_spanned(word, "no such type")),
    };
    Ok(quote!(::protocol::arguments::Kind::#variant))
}

fn default(input: ParseStream<'_>) -> Result<TokenStream> {
    if input.peek(token::Brace) {
        let content;
        syn::braced!(content in input);
        if !content.is_empty() {
            return Err(content.error("a dictionary's default is empty"));
        }
        return Ok(quote!(::protocol::arguments::Default::EmptyDict));
    }
    if input.peek(token::Bracket) {
        let content;
        bracketed!(content in input);
        let items = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
        return Ok(quote!(::protocol::arguments::Default::List(&[#items])));
    }
    let value: Expr = input.parse()?;
    let literal = match &value {
        Expr::Lit(ExprLit { lit, .. }) => lit,
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match &**expr {
            Expr::Lit(ExprLit { lit, .. }) => lit,
            _ => return Err(Error::new(value.span(), "a default is a literal")),
        },
        _ => return Err(Error::new(value.span(), "a default is a literal")),
    };
    Ok(match literal {
        Lit::Str(text) => quote!(::protocol::arguments::Default::Str(#text)),
        Lit::Bool(word) => quote!(::protocol::arguments::Default::Bool(#word)),
        Lit::Int(_) => quote!(::protocol::arguments::Default::Int(#value)),
        Lit::Float(_) => quote!(::protocol::arguments::Default::Float(#value)),
        _ => return Err(Error::new(value.span(), "a default is a text, a number, a boolean or a list of texts")),
    })
}

/// What stands in a struct's `#[arguments(...)]`.
#[derive(Default)]
struct Rules {
    mutually_exclusive: Vec<Vec<String>>,
    required_one_of: Vec<Vec<String>>,
    required_together: Vec<Vec<String>>,
    required_if: Vec<(String, String, Vec<String>, bool)>,
    required_by: Vec<(String, Vec<String>)>,
}

impl Rules {
    fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut rules = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("arguments")) {
            attribute.parse_nested_meta(|meta| rules.word(&meta))?;
        }
        Ok(rules)
    }

    fn word(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match word.as_str() {
            "mutually_exclusive" => self.mutually_exclusive.push(texts(meta)?),
            "required_one_of" => self.required_one_of.push(texts(meta)?),
            "required_together" => self.required_together.push(texts(meta)?),
            "required_if" | "required_if_any" => {
                let content;
                parenthesized!(content in meta.input);
                let option = text(&content)?;
                let value = text(&content)?;
                self.required_if.push((option, value, list(&content)?, word == "required_if_any"));
            }
            "required_by" => {
                let content;
                parenthesized!(content in meta.input);
                let option = text(&content)?;
                self.required_by.push((option, list(&content)?));
            }
            _ => return Err(meta.error("no such rule between options")),
        }
        Ok(())
    }

    fn tokens(&self) -> TokenStream {
        let groups = |groups: &[Vec<String>]| {
            let groups = groups.iter().map(|group| quote!(&[#(#group),*]));
            quote!(&[#(#groups),*])
        };
        let mutually_exclusive = groups(&self.mutually_exclusive);
        let required_one_of = groups(&self.required_one_of);
        let required_together = groups(&self.required_together);
        let required_if = self.required_if.iter().map(|(option, value, required, any)| {
            quote! {
                ::protocol::arguments::RequiredIf {
                    option: #option,
                    value: #value,
                    required: &[#(#required),*],
                    any: #any,
                }
            }
        });
        let required_by = self.required_by.iter().map(|(option, required)| quote!((#option, &[#(#required),*])));
        quote! {
            ::protocol::arguments::Rules {
                mutually_exclusive: #mutually_exclusive,
                required_one_of: #required_one_of,
                required_together: #required_together,
                required_if: &[#(#required_if),*],
                required_by: &[#(#required_by),*],
            }
        }
    }
}

fn text(input: ParseStream<'_>) -> Result<String> {
    let text = input.parse::<LitStr>()?.value();
    input.parse::<Token![,]>()?;
    Ok(text)
}

fn list(input: ParseStream<'_>) -> Result<Vec<String>> {
    let content;
    bracketed!(content in input);
    input.parse::<Option<Token![,]>>()?;
    Ok(Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?.iter().map(LitStr::value).collect())
}
